"""Pydantic's findings in words for people, each at its place in the tree.

In: the wording, one problem per fault where a field has several forms, and silence about secrets. Not in: the checks
themselves (``model``, ``validate``).
"""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vizgate.config.problems import Path, Place, Problem, did_you_mean, listing, shown
from vizgate.config.text.nodes import Mapping, Node, Scalar, Sequence, child_of, scalars
from vizgate.config.text.scalars import resolve
from vizgate.errors import UnitError
from vizgate.units import format_duration, parse_duration

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number", "float_parsing": "a number",
    "bool_type": "true or false", "bool_parsing": "true or false",
    "list_type": "a list", "tuple_type": "a list", "set_type": "a list", "frozen_set_type": "a list",
    "dict_type": "a mapping", "mapping_type": "a mapping", "model_type": "a mapping",
    "model_attributes_type": "a mapping", "dataclass_type": "a mapping",
    "path_type": "a path", "date_type": "a date", "date_from_datetime_parsing": "a date",
    "url_parsing": "a URL", "url_type": "a URL",
}  # fmt: skip
_LITERAL = "literal_error"
_MIN_SECRET = 4
_CONTAINERS = (dict, abc.Mapping, list, tuple, abc.Sequence)


@dataclass(frozen=True, slots=True)
class _Finding:
    """One error of pydantic, with its location led back to the tree; ``forms`` is what of it has no place there."""

    path: Path
    node: Node
    forms: tuple[str | int, ...]
    error: ErrorDetails

    @property
    def kind(self) -> str:
        return self.error["type"]


def problems_of(
    error: ValidationError, root: Node, at: Path = (), model: type[BaseModel] | None = None
) -> list[Problem]:
    """What *error* says, in words and with places. ``at``: where in *root* the validated value stands.

    ``model`` is the class that was validated; with it, an unknown key is compared with the known ones.
    """
    findings: dict[tuple[Path, str | int], list[_Finding]] = {}
    for details in error.errors(include_url=False, include_input=False):
        finding = _located(root, (*at, *details["loc"]), details)
        if not _is_known(finding):
            last: str | int = details["loc"][-1] if finding.kind in {"missing", "extra_forbidden"} else ""
            findings.setdefault((finding.path, last), []).append(finding)
    known = _KnownKeys(model)
    return [_problem(group, root, known) for group in _without_outer(findings.values())]


def _without_outer(groups: Iterable[list[_Finding]]) -> list[list[_Finding]]:
    """Of a field with several forms, only the form that came closest: its faults lie deepest."""
    kept = list(groups)
    deep = {finding.path for group in kept for finding in group}
    return [
        group
        for group in kept
        if not (
            all(finding.forms and finding.kind in _WANTED for finding in group)
            and any(len(path) > len(group[0].path) and path[: len(group[0].path)] == group[0].path for path in deep)
        )
    ]


def _located(root: Node, location: tuple[str | int, ...], error: ErrorDetails) -> _Finding:
    node, path, forms = root, [], []
    for number, part in enumerate(location):
        if part == "[key]" and number == len(location) - 1:
            break
        child = child_of(node, part)
        if child is None:
            forms.append(part)
        else:
            node = child
            path.append(part)
    return _Finding(tuple(path), node, tuple(forms), error)


def _is_known(finding: _Finding) -> bool:
    """Whether the fault is only a consequence of one that is reported already."""
    node = finding.node
    if isinstance(node, Scalar):
        return node.broken
    if finding.kind in {"missing", "value_error"}:
        broken = any(isinstance(child, Scalar) and child.broken for child in _children(node))
        return broken or (isinstance(node, Mapping) and node.incomplete)
    return False


def _children(node: Mapping | Sequence) -> Iterable[Node]:
    return node.entries.values() if isinstance(node, Mapping) else node.items


def _problem(group: list[_Finding], root: Node, known: _KnownKeys) -> Problem:
    best = next((finding for finding in group if finding.kind not in _WANTED), group[0])
    place = best.node.place
    if best.kind == "extra_forbidden":
        place = _key_place(root, best.path) or place
        message = _unknown_key(best, known)
    elif best.kind == "missing":
        message = f"{best.error['loc'][-1]} is missing. Add it"
    elif best.kind == _LITERAL:
        message = _literal(best, [_WANTED[finding.kind] for finding in group if finding.kind in _WANTED])
    elif best.kind in _WANTED:
        wanted = dict.fromkeys(_WANTED[finding.kind] for finding in group if finding.kind in _WANTED)
        message = f"must be {' or '.join(wanted)}, not {_instead(best.node, wanted)}{_quote_remedy(best.node, wanted)}"
    else:
        message = _WORDS.get(best.kind, _other)(best)
    return Problem(place, best.path, hide_secrets(message, best.node))


def _instead(node: Node, wanted: Iterable[str]) -> str:
    """What stands where one of *wanted* should; its value is not shown where only a mapping will do.

    Whoever writes one value for a whole part has often written the secret that belongs inside: a password for a user.
    """
    if isinstance(node, Scalar) and not node.raw and list(wanted) == ["a mapping"]:
        return "a text" if isinstance(node.value, str) else "a number or a word"
    return describe(node)


def _key_place(root: Node, path: Path) -> Place | None:
    node: Node | None = root
    for part in path[:-1]:
        node = None if node is None else child_of(node, part)
    return node.key_places.get(str(path[-1])) if isinstance(node, Mapping) and path else None


def _unknown_key(finding: _Finding, known: _KnownKeys) -> str:
    key = str(finding.path[-1])
    names = known.at(finding.error["loc"])
    if not names:
        return f"there is no key {shown(key)} here. Remove it"
    return f"there is no key {shown(key)} here.{did_you_mean(key, names) or f' Keys here: {listing(names, 20)}'}"


def describe(node: Node) -> str:
    """What *node* is, for "must be ..., not ..."; the value of a variable is not shown."""
    if not isinstance(node, Scalar):
        return "a mapping" if isinstance(node, Mapping) else "a list"
    if node.raw:
        return f"the value of {shown(node.raw)}"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return f"the text {shown(node.value)}" if isinstance(node.value, str) else f"the number {str(node.value)[:40]}"


def _quote_remedy(node: Node, wanted: Iterable[str]) -> str:
    if not isinstance(node, Scalar) or node.raw or node.value is None:
        return ""
    if list(wanted) == ["a mapping"]:
        return ". Write keys with their values here, as in {key: value}"
    if "a text" in wanted and not isinstance(node.value, str):
        return ". Put it in quotes"
    if isinstance(node.value, str) and not node.plain and not isinstance(resolve(node.value), str):
        return ". Remove the quotes"
    return ""


# --- wordings by type of error


def _context(finding: _Finding) -> dict[str, Any]:
    return finding.error.get("ctx", {})


def _literal(finding: _Finding, others: Iterable[str] = ()) -> str:
    """Args: others: what else the value may be, "a whole number" for example."""
    names = str(_context(finding).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    text = finding.node.value if isinstance(finding.node, Scalar) and not finding.node.raw else None
    meant = did_you_mean(text, names) if isinstance(text, str) else ""
    wanted = " or ".join(dict.fromkeys([*others, ", ".join(names)]))
    return (
        f"must be {'one of ' if len(names) > 1 else ''}{wanted}, not {describe(finding.node)}.{meant or ' Change it'}"
    )


def _own_words(finding: _Finding) -> str:
    # UnitError and the validators of components write for people already.
    return str(_context(finding).get("error", finding.error["msg"]))


def _bound(words: str, key: str) -> Callable[[_Finding], str]:
    def say(finding: _Finding) -> str:
        bound = _in_its_unit(_context(finding).get(key), finding.node)
        return f"must be {words} {bound}, not {describe(finding.node)}"

    return say


def _in_its_unit(bound: Any, node: Node) -> Any:
    """*bound* as people write it: with a unit where *node* has one."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return bound
    try:
        parse_duration(node.value)
    except UnitError:
        return bound
    return format_duration(float(bound))


def _too_short(finding: _Finding) -> str:
    least = _context(finding).get("min_length", 1)
    return "must not be empty. Write at least one entry" if least == 1 else f"must have at least {least} entries"


def _text_too_short(finding: _Finding) -> str:
    least = _context(finding).get("min_length", 1)
    return "must not be empty" if least == 1 else f"must have at least {least} characters"


def _too_long(finding: _Finding) -> str:
    unit = "characters" if finding.kind.startswith("string") else "entries"
    return f"must have at most {_context(finding).get('max_length')} {unit}"


def _pattern(finding: _Finding) -> str:
    if finding.error["loc"][-1:] == ("[key]",):
        return "the name may hold only letters, digits, '_', '-' and '.'. Rename it"
    return f"must match the pattern {_context(finding).get('pattern')}, which {describe(finding.node)} does not"


def _other(finding: _Finding) -> str:
    message = finding.error["msg"]
    return message[:1].lower() + message[1:]


_WORDS: dict[str, Callable[[_Finding], str]] = {
    "enum": _literal,
    "value_error": _own_words,
    "assertion_error": _own_words,
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "too_short": _too_short,
    "too_long": _too_long,
    "string_too_short": _text_too_short,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _pattern,
}


# --- secrets


def hide_secrets(message: str, node: Node) -> str:
    """*message* without the values that variables gave to texts at or under *node*; ``${NAME}`` stands in their place.

    A variable often holds a secret, and a message ends up in terminals and logs.
    """
    for scalar in scalars(node):
        value = scalar.value
        if not scalar.raw or not isinstance(value, str) or scalar.raw == value or len(value) < _MIN_SECRET:
            continue
        for form in (repr(value), value):
            message = message.replace(form, scalar.raw)
        # A validator may have shown a part of it.
        rest = message.replace(scalar.raw, "")
        if any(value[start : start + _MIN_SECRET] in rest for start in range(len(value) - _MIN_SECRET + 1)):
            return f"the value of {shown(scalar.raw)} does not fit here"
    return message


# --- known keys


class _KnownKeys:
    """Finds the keys a model knows at a location that pydantic reports."""

    def __init__(self, model: type[BaseModel] | None) -> None:
        self._model = model

    def at(self, location: tuple[str | int, ...]) -> list[str]:
        """The keys beside the last part of *location*; empty when they cannot be told."""
        types: list[Any] = [self._model]
        for part in location[:-1]:
            # Pydantic puts names of forms into a location, which no type has; they lead nowhere.
            types = [inner for found in types for inner in _step(found, part)] or types
        models = [model for found in types for model in _models_in(found)]
        return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _step(found: Any, part: str | int) -> list[Any]:
    """The types that *part* leads to from the type *found*."""
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [field.annotation for name, field in found.model_fields.items() if part in (name, field.alias)]
    origin, arguments = get_origin(found), get_args(found)
    if origin in _CONTAINERS:
        return [arguments[-1]] if origin in {dict, abc.Mapping} else [arguments[0]]
    if origin is Annotated:
        return _step(arguments[0], part)
    return [inner for argument in arguments for inner in _step(argument, part)]


def _models_in(found: Any) -> list[type[BaseModel]]:
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [found]
    if get_origin(found) is Annotated:
        return _models_in(get_args(found)[0])
    return [model for argument in get_args(found) for model in _models_in(argument)]
