"""JSON Schemas in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vizgate.validation.document.problems import DocumentError
from vizgate.validation.json_schema import read_schema


def write(folder: Path, name: str, schema: Any) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(schema))
    return path


@pytest.mark.parametrize("identity", [None, "https://example.com/schemas/order.json", "order.json"])
def test_references_lead_to_files_beside(tmp_path: Path, identity: str | None) -> None:
    """Also where the schema says that it lives elsewhere; nothing is fetched from there."""
    write(tmp_path, "parts/address.json", {"type": "object", "required": ["city"]})
    schema = {"properties": {"to": {"$ref": "parts/address.json"}, "next": {"$ref": "#"}}}
    if identity:
        schema["$id"] = identity  # type: ignore[assignment]  # of a mixed mapping
    check = read_schema(write(tmp_path, "order.json", schema))
    assert check.accepts({"next": {"to": {"city": "x"}}})
    assert not check.accepts({"next": {"to": {}}})


def test_draft_is_what_the_schema_says(tmp_path: Path) -> None:
    """In draft 7 a list under `items` is a tuple; in 2020-12 it is an error."""
    schema: dict[str, Any] = {"items": [{"type": "integer"}]}
    with pytest.raises(DocumentError, match=r"order\.json#/items"):
        read_schema(write(tmp_path, "order.json", schema))
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"
    check = read_schema(write(tmp_path, "order.json", schema))
    assert not check.accepts(["x"])


def test_yaml_is_read_too(tmp_path: Path) -> None:
    """The name says what it is."""
    (tmp_path / "s.yaml").write_text("type: object\nrequired: [a]\n")
    assert read_schema(tmp_path / "s.yaml").accepts({"a": 1})


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "http://127.0.0.1:1/x.json"}, "nothing is fetched"),
        ({"$ref": "../secret.json"}, "no file|leads out|nothing is fetched"),
        ({"$ref": "missing.json"}, "there is no file"),
        ({"$ref": "#/$defs/x"}, "does not exist"),
        ({"type": "objekt"}, "not a schema"),
        ({"pattern": "("}, "not a schema"),
        ([1], "a schema is a mapping"),
    ],
)
def test_bad_schema_is_told(tmp_path: Path, schema: Any, reason: str) -> None:
    """Every mistake is told with the name of the file."""
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(DocumentError, match=reason) as caught:
        read_schema(write(tmp_path, "in/s.json", schema))
    assert "s.json" in str(caught.value)
