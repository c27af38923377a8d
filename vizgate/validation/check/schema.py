"""Values against compiled schemas.

In: the only home of the library ``jsonschema_rs``: compiling, asking, and the faults in words. Not in: where schemas
come from (``document``) and where values come from (``content.kinds``, ``parameters.styles``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from vizgate.errors import VizgateError
from vizgate.validation.check.pointer import write_pointer

#: The most steps back that a pattern with look-around or back-references may take on one value; then the value does not
#: match. All other patterns take time in proportion to the value. 20,000 steps take 0.3 ms.
BACKTRACK_LIMIT = 20_000
#: A value with more values inside gets its first fault told only: telling all of them takes 10 us for each, and a body
#: of 1 MiB can have 500,000.
MAX_EXPLAINED_VALUES = 1_000
MAX_FAULTS = 50

_MAX_DETAIL = 200
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII).fullmatch
#: Stands in for the value in what the library says, so that no part of a message is ever shown: it may be a secret.
_MASK = "the value"


class SchemaLibraryMissing(VizgateError, ValueError):
    """jsonschema-rs is not installed; the message says how to get it."""

    def __init__(self) -> None:
        super().__init__("checking messages needs the package jsonschema-rs. Run: pip install 'vizgate[openapi]'")


class BadSchema(VizgateError, ValueError):
    """A schema that cannot be compiled. ``path``: where in it."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class Fault(NamedTuple):
    """What is wrong with a value: a JSON pointer into it, and words that show nothing of it."""

    pointer: str
    detail: str


class SchemaCheck:
    """One compiled schema. ``accepts``: whether a value fits."""

    __slots__ = ("_validator", "accepts")

    def __init__(self, validator: Any) -> None:
        self._validator = validator
        self.accepts: Callable[[Any], bool] = validator.is_valid

    def faults(self, value: Any) -> list[Fault]:
        """What is wrong with *value*, at most ``MAX_FAULTS``; of a very large one only the first."""
        if _holds_more_than(value, MAX_EXPLAINED_VALUES):
            return [_fault(error) for error in self._first(value)]
        return [_fault(error) for error in islice(self._validator.iter_errors(value), MAX_FAULTS)]

    def _first(self, value: Any) -> Iterator[Any]:
        try:
            self._validator.validate(value)
        except ValueError as error:  # the library's ValidationError is one
            yield error

    def __repr__(self) -> str:
        return f"<SchemaCheck {self._validator!r}>"


def _fault(error: Any) -> Fault:
    # A pattern that ran out of steps is told as a mismatch: how it is bounded is nobody's business.
    detail = str(error.message) if "backtracking" not in str(error.message) else f"{_MASK} does not match the pattern"
    return Fault(write_pointer(error.instance_path)[:_MAX_DETAIL], detail[:_MAX_DETAIL])


def _holds_more_than(value: Any, limit: int) -> bool:
    """Whether there are more than *limit* values in *value*; it looks at no more than that."""
    waiting, count = [value], 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, (dict, list)):
            count += len(item)
            if count > limit:
                return True
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return False


class SchemaSet:
    """Schemas of draft 2020-12 by name, which refer to each other as ``#/$defs/NAME``.

    Raises, when made: SchemaLibraryMissing.
    """

    _URI = "vizgate:schemas"

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._library = library()
        self._registry = self._library.Registry([(self._URI, {"$defs": schemas})])
        self._checks: dict[str, SchemaCheck] = {}

    def check(self, name: str) -> SchemaCheck:
        """The schema called *name*, compiled when it is asked for first. Raises: BadSchema."""
        if name not in self._checks:
            schema = {"$ref": f"{self._URI}#/$defs/{name}"}
            self._checks[name] = SchemaCheck(
                _compiled(self._library.Draft202012Validator, schema, self._library, registry=self._registry)
            )
        return self._checks[name]


def compile_schema(schema: Any, base_uri: str, retrieve: Callable[[str], Any]) -> SchemaCheck:
    """A schema of any draft, which its ``$schema`` names; without it 2020-12.

    Args: base_uri: what relative references start from. retrieve: gives the schema at an absolute URI, or raises
    ValueError.
    Raises: BadSchema, SchemaLibraryMissing.
    """
    module = library()
    return SchemaCheck(_compiled(module.validator_for, schema, module, base_uri=base_uri, retriever=retrieve))


def check_pattern(pattern: str) -> None:
    """Raise BadSchema when *pattern* is not a regular expression."""
    module = library()
    _compiled(module.Draft202012Validator, {"pattern": pattern}, module)


def check_meta(schema: Any) -> None:
    """Raise BadSchema when *schema* is not one of draft 2020-12."""
    module = library()
    try:
        module.meta.validate(schema)
    except module.ValidationError as exc:
        raise BadSchema(_one_line(exc.message), tuple(exc.instance_path)) from None


def library() -> Any:
    """The library. Raises: SchemaLibraryMissing."""
    try:
        import jsonschema_rs
    except ImportError:
        raise SchemaLibraryMissing from None
    return jsonschema_rs


def _compiled(make: Callable[..., Any], schema: Any, module: Any, **more: Any) -> Any:
    options = module.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)
    try:
        return make(
            schema, mask=_MASK, validate_formats=True, formats={"byte": _is_base64}, pattern_options=options, **more
        )
    except module.ValidationError as exc:
        raise BadSchema(_one_line(exc.message), tuple(exc.instance_path)) from None
    except (ValueError, module.ReferencingError) as exc:
        raise BadSchema(_one_line(str(exc))) from None


def _is_base64(text: str) -> bool:
    # OpenAPI 3.0, 4.4: byte is "base64 encoded characters".
    return _BASE64(text) is not None


def _one_line(message: str) -> str:
    return message.partition("\n")[0][:_MAX_DETAIL]
