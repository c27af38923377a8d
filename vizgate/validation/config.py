"""What the YAML may say about checking messages.

In: ``ValidationConfig``, which reads and compiles the document it names, so that a mistake in one is a problem of the
configuration. Not in: the documents (``validation.openapi``, ``validation.json_schema``) and checking
(``validation.middleware``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.fields import ExistingFile, Flag, Size, TextSource
from vizgate.units import MIB

if TYPE_CHECKING:
    from vizgate.validation.check.schema import SchemaCheck
    from vizgate.validation.openapi.document import ApiDocument

_ONLY_OPENAPI = ("additional_query", "base_path", "responses", "unknown_paths")


def _base_path(text: str) -> str:
    if not text.startswith("/") or "?" in text or "#" in text:
        raise ValueError("must begin with a slash and have no query. Write for example /api/v1, or / for none")
    return text


class ValidationConfig(ComponentConfig):
    """Requests, and if asked responses, against an OpenAPI document or a JSON Schema."""

    openapi: ExistingFile | None = Field(default=None, description="An OpenAPI 3.0 or 3.1 document, YAML or JSON.")
    schema_: ExistingFile | None = Field(
        default=None, alias="schema", description="A JSON Schema for the request body, instead of openapi."
    )
    mode: Literal["enforce", "report", "off"] = Field(
        default="enforce",
        description="enforce: 400 with every violation; report: log and count them, and let pass; off: no checks, "
        "for a route whose service has them.",
    )
    responses: Flag = Field(default=False, description="Whether responses are checked, too; they are only reported.")
    body_limit: Size = Field(default=MIB, description="The longest body that is read to be checked. Over it: 413.")
    base_path: Annotated[str, AfterValidator(_base_path)] | None = Field(
        default=None,
        description="What stands before the document's paths in what clients ask for; default: the paths of its "
        "`servers`. `{name}` stands for any segment.",
    )
    unknown_paths: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="Requests that the document does not have: refuse: 404, or 405 where it has the path; allow: let "
        "pass without checks.",
    )
    additional_query: Literal["allow", "refuse"] = Field(
        default="allow", description="Parameters in the query that the operation does not have."
    )

    _document: ApiDocument | None = PrivateAttr(default=None)
    _check: SchemaCheck | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        named = [key for key, value in (("openapi", self.openapi), ("schema", self.schema_)) if value is not None]
        if len(named) > 1 or (not named and self.mode != "off"):
            raise ValueError("write exactly one of openapi and schema")
        if self.openapi is None:
            without = [key for key in _ONLY_OPENAPI if key in self.model_fields_set]
            if without:
                raise ValueError(f"{' and '.join(without)} has no effect without openapi. Remove it")
        return self

    @model_validator(mode="after")
    def _readable(self, info: ValidationInfo) -> Self:
        """Read what is named, once for each configuration, and have every problem with it told at its key."""
        if self.mode == "off":
            return self
        memo = _Memo(info)
        try:
            if self.openapi is not None:
                self._document = _document(self.openapi, self.base_path, memo, responses=self.responses)
            elif self.schema_ is not None:
                self._check = _schema(self.schema_, memo)
        except ValueError as exc:
            key = "schema" if self.openapi is None else "openapi"
            details = InitErrorDetails(type="value_error", loc=(key,), input=None, ctx={"error": exc})
            raise ValidationError.from_exception_data(type(self).__name__, [details]) from exc
        return self

    @property
    def document(self) -> ApiDocument | None:
        """The document that ``openapi`` names, compiled."""
        return self._document

    @property
    def body_check(self) -> SchemaCheck | None:
        """The schema that ``schema`` names, compiled."""
        return self._check

    def __eq__(self, other: object) -> bool:
        # Two readings of one file are equal, though each has been compiled on its own.
        return isinstance(other, ValidationConfig) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.openapi, self.schema_, self.mode))

    def __reduce__(self) -> tuple[Any, ...]:
        # What was compiled cannot go to another process, which reads the file itself.
        return type(self).model_validate, (self.model_dump(by_alias=True, exclude_unset=True),)

    def __deepcopy__(self, memo: Any = None) -> Self:
        # Nothing of it changes, and what was compiled cannot be copied.
        return self


def _document(path: Path, base_path: str | None, memo: _Memo, *, responses: bool) -> ApiDocument:
    from vizgate.validation.openapi.document import read_document

    key = ("openapi", path, responses)
    document: ApiDocument = memo.once(key, lambda: read_document(path, responses=responses, seen=memo.files))
    document.table(base_path)
    return document


def _schema(path: Path, memo: _Memo) -> SchemaCheck:
    from vizgate.validation.json_schema import read_schema

    check: SchemaCheck = memo.once(("schema", path), lambda: read_schema(path, memo.files))
    return check


class _Memo:
    """What was read for one configuration, and what could not be read: neither is tried twice."""

    def __init__(self, info: ValidationInfo) -> None:
        self._found = info.context.memo if isinstance(info.context, TextSource) else {}
        #: What else the configuration depends on.
        self.files: set[Path] = info.context.files if isinstance(info.context, TextSource) else set()

    def once(self, key: tuple[Any, ...], read: Callable[[], Any]) -> Any:
        """What *read* gives or raises, also if it did so for *key* before."""
        if key not in self._found:
            try:
                self._found[key] = read()
            except ValueError as exc:
                self._found[key] = exc
        found = self._found[key]
        if isinstance(found, ValueError):
            raise found
        return found
