"""What schemas in OpenAPI documents mean in the words of JSON Schema 2020-12.

In: the differences of OpenAPI 3.0, formats of numbers, keywords that are checked and those that are only notes. Not in:
walking schemas (``document.schemas``).
"""

from __future__ import annotations

from typing import Any

#: Keywords whose value is one schema, a list of schemas, or a mapping to schemas.
SINGLE = frozenset(
    {
        "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
MAPS = frozenset({"dependentSchemas", "patternProperties", "properties"})
#: Keywords that are taken over as they are.
PLAIN = frozenset(
    {
        "const", "dependentRequired", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains",
        "maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties",
        "minimum", "multipleOf", "pattern", "required", "type", "uniqueItems",
    }
)  # fmt: skip
#: Keywords that change what references mean, which a document of one OpenAPI does not need.
REFUSED = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef"})

_ONLY_31 = frozenset(
    {
        "const", "contains", "dependentRequired", "dependentSchemas", "else", "if", "maxContains", "minContains",
        "patternProperties", "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
# OpenAPI 3.1, 4.6 "Data Types": int32 is "signed 32 bits", int64 "signed 64 bits (a.k.a long)".
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

Schema = dict[str, Any]


def bounded(schema: Schema) -> Schema:
    """*schema*, whose integer format is a range."""
    limits = _RANGES.get(str(schema.get("format")))
    if limits is None or "string" in _types(schema):
        return schema
    least, most = limits
    within: Schema = {"minimum": least, "maximum": most}
    return {**schema, "allOf": [*schema.get("allOf", ()), within]}


def _types(schema: Schema) -> list[Any]:
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def from_30(schema: Schema) -> Schema:
    """A schema object of OpenAPI 3.0 as one of 3.1; of what is inside it nothing is changed.

    Source: OpenAPI 3.0.4, 4.7.24, and the clarification of ``nullable`` there.
    """
    if "$ref" in schema:
        # 4.7.23: "This object cannot be extended with additional properties, and any properties added SHALL be
        # ignored."
        return {"$ref": schema["$ref"]}
    new = {key: value for key, value in schema.items() if key not in _ONLY_31}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if new.get(exclusive) is True and bound in new:
            new[exclusive] = new.pop(bound)
        elif isinstance(new.get(exclusive), bool):
            del new[exclusive]
    if new.pop("nullable", False) is True:
        _allow_null(new)
    return new


def _allow_null(schema: Schema) -> None:
    """Let None be a value of *schema*, too."""
    if isinstance(schema.get("type"), str):
        # An enum without null still refuses it, as the clarification says.
        schema["type"] = [schema["type"], "null"]
        return
    # The standard gives `nullable` no effect without a type. Whoever writes it beside an allOf means it, and every
    # other tool reads it so.
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            schema["anyOf"] = [{keyword: schema.pop(keyword)}, {"enum": [None]}]
            return
