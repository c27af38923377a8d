"""What types a schema lets a value have.

In: ``shape_of``, for the reading of texts. Not in: checking, which the schema itself does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vizgate.validation.parameters.coerce import SCALARS, Shape

# A list of objects is as deep as texts go; the rest is slack for the references between.
_MAX_DEPTH = 4
_MAX_SCHEMAS = 100
_ALL = SCALARS | {"array", "object"}
_PREFIX = "#/$defs/"


def shape_of(name: str, schemas: Mapping[str, Any]) -> Shape:
    """The shape of the schema *name* in *schemas*, which refer to each other as ``#/$defs/NAME``."""
    return _shape({"$ref": _PREFIX + name}, schemas, 0)


def _shape(schema: Any, schemas: Mapping[str, Any], depth: int) -> Shape:
    found = list(_parts(schema, schemas))
    if depth >= _MAX_DEPTH:
        return Shape()
    properties: dict[str, Shape] = {}
    items: Shape | None = None
    others: Shape | None = None
    for part in found:
        for key, child in part.get("properties", {}).items():
            properties.setdefault(key, _shape(child, schemas, depth + 1))
        if "items" in part and items is None:
            items = _shape(part["items"], schemas, depth + 1)
        if isinstance(part.get("additionalProperties"), dict) and others is None:
            others = _shape(part["additionalProperties"], schemas, depth + 1)
    return Shape(_kinds(found), items, properties, others)


def _parts(schema: Any, schemas: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """*schema* and what it is made of: references, ``allOf``, ``anyOf``, ``oneOf``."""
    waiting, seen = [schema], 0
    while waiting and seen < _MAX_SCHEMAS:
        seen += 1
        part = waiting.pop(0)
        if not isinstance(part, dict):
            continue
        yield part
        if "$ref" in part:
            waiting.append(schemas.get(part["$ref"].removeprefix(_PREFIX)))
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += part.get(keyword, ())


def _kinds(parts: list[dict[str, Any]]) -> frozenset[str]:
    kinds: set[str] = set()
    for part in parts:
        named = part.get("type", ())
        kinds.update([named] if isinstance(named, str) else named)
        if not named and "enum" in part:
            kinds.update(_kind_of(value) for value in part["enum"])
        if not named and "properties" in part:
            kinds.add("object")
        if not named and "items" in part:
            kinds.add("array")
    return frozenset(kinds & _ALL) or SCALARS


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"
