"""Parameters of a document, compiled.

In: the parameters of an operation, from its path and its own. Not in: reading values (``validation.parameters``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vizgate.validation.content.media_type import parse_media_type
from vizgate.validation.document.keys import PARAMETER, check_keys
from vizgate.validation.document.references import References, Spot
from vizgate.validation.openapi.direction import Direction, Later
from vizgate.validation.openapi.shapes import shape_of
from vizgate.validation.parameters.coerce import Shape
from vizgate.validation.parameters.pairs import header_key
from vizgate.validation.parameters.parameter import Parameter
from vizgate.validation.parameters.styles import STYLES, Form, Style

# OpenAPI 3.1.1, 4.8.12.1: header parameters of these names "SHALL be ignored".
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A parameter, and the names in a query that belong to it."""

    parameter: Parameter
    query_names: tuple[str, ...] = ()


def parameters_of(
    lists: list[Spot | None], template: str, references: References, direction: Direction
) -> list[Later[Compiled]]:
    """The parameters in *lists*, of which later ones replace earlier ones of the same place and name.

    Args: template: the path, in which those of the path must stand.
    """
    found: dict[tuple[str, str], Spot] = {}
    for spot in lists:
        for item in _items(spot, references):
            key = (str(item.value["in"]), str(item.value["name"]))
            if key[0] == "path" and f"{{{key[1]}}}" not in template:
                references.tell(item, f"there is no {{{key[1][:60]}}} in the path {template[:80]!r}. Write it there")
                continue
            found[key if key[0] != "header" else (key[0], key[1].lower())] = item
    return [
        later
        for (place, name), spot in found.items()
        if not (place == "header" and name in _IGNORED_HEADERS)
        if (later := _parameter(spot, references, direction)) is not None
    ]


def _items(spot: Spot | None, references: References) -> Iterator[Spot]:
    if spot is not None and not isinstance(spot.value, list):
        references.tell(spot, "parameters is a list. Write [{name: ..., in: ..., schema: ...}]")
    for item in spot.items() if spot is not None else ():
        found = references.follow(item)
        if found is None:
            continue
        value = found.value
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or value.get("in") not in STYLES:
            references.tell(found, f"a parameter has a name, and `in` is one of {', '.join(STYLES)}. Mend it")
            continue
        check_keys(found, PARAMETER, references)
        yield found


def _parameter(spot: Spot, references: References, direction: Direction) -> Later[Compiled] | None:
    value = spot.value
    content = spot.child("content")
    schema = _content_schema(content, references) if content is not None else spot.child("schema")
    if schema is None:
        if content is None:
            references.tell(spot, "a parameter has neither schema nor content. Write {schema: {type: string}}")
        return None
    place = value["in"]
    style = value.get("style", _DEFAULT_STYLES[place])
    if style not in STYLES[place]:
        known = ", ".join(STYLES[place])
        references.tell(spot, f"the style {str(style)[:40]!r} is not read in a {place}. Write one of {known}")
        return None
    explode = value.get("explode", style == "form") is True or style == "deepObject"
    name = direction.bundle.add(schema)
    is_json = content is not None

    def make() -> Compiled:
        shape = Shape() if is_json else shape_of(name, direction.bundle.schemas)
        written = _written(spot, style, shape, explode=explode)
        forms = [Form.TEXT] if is_json else _forms(shape)
        parameter = Parameter(
            place=place,
            name=value["name"],
            required=place == "path" or value.get("required") is True,
            readers=tuple(written.reader(form) for form in forms),
            schema=direction.check(name),
            shape=shape,
            is_json=is_json,
            may_be_empty=place == "query" and value.get("allowEmptyValue") is True,
        )
        names = [item for form in forms for item in written.takes(form)] if place == "query" else []
        return Compiled(parameter, tuple(names))

    return make


def _written(spot: Spot, style: str, shape: Shape, *, explode: bool) -> Style:
    place, name = spot.value["in"], spot.value["name"]
    key = header_key(name) if place == "header" else name
    return Style(place, key, style, explode, tuple(shape.properties))


def _forms(shape: Shape) -> list[Form]:
    """As what a parameter may be written, the likeliest first."""
    forms = []
    if shape.is_list:
        forms.append(Form.LIST)
    if shape.is_mapping:
        forms.append(Form.MAPPING)
    if not forms or any(kind in shape.kinds for kind in ("string", "integer", "number", "boolean")):
        forms.append(Form.TEXT)
    return forms


def _content_schema(content: Spot, references: References) -> Spot | None:
    """The schema of a parameter with ``content``: one media type, JSON."""
    entries = list(content.children())
    media_type = parse_media_type(entries[0][0]) if len(entries) == 1 else None
    if media_type is None or not media_type.is_json:
        references.tell(content, "the content of a parameter is read as application/json only. Write that, or a schema")
        return None
    schema = entries[0][1].child("schema")
    if schema is None:
        references.tell(entries[0][1], "has no schema. Write one")
    return schema
