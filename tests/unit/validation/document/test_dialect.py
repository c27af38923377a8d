"""Schemas of OpenAPI 3.0 in the words of JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.validation.document.dialect import bounded, from_30


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"nullable": True}, {}),
        ({"allOf": [{"$ref": "#/x"}], "nullable": True}, {"anyOf": [{"allOf": [{"$ref": "#/x"}]}, {"enum": [None]}]}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": True, "minimum": 1}, {"exclusiveMaximum": 9, "minimum": 1}),
        ({"exclusiveMaximum": True}, {}),
        ({"$ref": "#/x", "nullable": True, "maxLength": 1}, {"$ref": "#/x"}),
        ({"const": 1, "patternProperties": {"a": {}}, "type": "object"}, {"type": "object"}),
    ],
)
def test_30_is_converted(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What 3.0 means otherwise, or does not have, is said as 3.1 says it."""
    assert new == from_30(old)


def test_integer_formats_are_ranges() -> None:
    """int32 and int64 bound integers; on texts they are notes."""
    assert [{"minimum": -(2**31), "maximum": 2**31 - 1}] == bounded({"type": "integer", "format": "int32"})["allOf"]
    assert 2 == len(bounded({"format": "int64", "allOf": [{}]})["allOf"])
    text = {"type": ["string", "null"], "format": "int64"}
    assert text is bounded(text)
