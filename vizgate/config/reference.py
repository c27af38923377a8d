"""The reference of all keys as Markdown, made from the models.

In: one table per part of the YAML, and the list of what is not supported yet. Not in: prose (``docs``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vizgate.config import later
from vizgate.config.schema import plain_schema

_Schema = dict[str, Any]
_HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"
_TYPE_WORDS = {"string": "text", "integer": "integer", "number": "number", "boolean": "true, false"}


def reference_markdown() -> str:
    """Tables of every key: path, type, default and meaning; then what later versions bring."""
    schema = plain_schema()
    definitions: _Schema = schema["$defs"]
    top: list[str] = []
    sections: list[str] = []
    for key, part in schema["properties"].items():
        rows = list(_rows(key, part, definitions))
        top.append(_row(key, part, definitions))
        if len(rows) > 1:
            sections.append(f"## `{key}`\n\n{part.get('description', '')}\n\n{_HEAD}{''.join(rows[1:])}")
    return "\n".join([f"{_HEAD}{''.join(top)}", *sections, _later()])


def _rows(path: str, schema: _Schema, definitions: _Schema, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The row of *path*, then those of everything below it."""
    yield _row(path, schema, definitions)
    for suffix, model in _models_below(schema, definitions):
        name = model["$ref"].rpartition("/")[2]
        if name in seen:
            continue
        for key, child in definitions[name].get("properties", {}).items():
            yield from _rows(f"{path}{suffix}.{key}", child, definitions, (*seen, name))


def _models_below(schema: _Schema, definitions: _Schema) -> Iterator[tuple[str, _Schema]]:
    if "$ref" in schema:
        yield "", schema
    # A list first: one address alone is a short form of a list of them, and needs no rows of its own.
    forms = sorted(_forms(schema), key=lambda form: "items" not in form)
    found = {
        model["$ref"]: (suffix, model) for form in forms[::-1] for suffix, model in _models_below(form, definitions)
    }
    yield from reversed(found.values())
    if isinstance(schema.get("items"), dict):
        yield from ((f"[]{suffix}", model) for suffix, model in _models_below(schema["items"], definitions))
    values = [*schema.get("patternProperties", {}).values()]
    if isinstance(schema.get("additionalProperties"), dict):
        values.append(schema["additionalProperties"])
    for value in values:
        yield from ((f".NAME{suffix}", model) for suffix, model in _models_below(value, definitions))


def _forms(schema: _Schema) -> list[_Schema]:
    """What a value may be one of: short and long forms, or the models of each ``kind``."""
    forms: list[_Schema] = schema.get("anyOf") or schema.get("oneOf") or []
    return forms


def _row(path: str, schema: _Schema, definitions: _Schema) -> str:
    default = f"`{_as_yaml(schema['default'])}`" if schema.get("default") not in (None, {}, "") else ""
    description = schema.get("description") or _resolved(schema, definitions).get("description", "")
    cells = (f"`{path}`", type_words(schema, definitions), default, " ".join(description.split()))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _resolved(schema: _Schema, definitions: _Schema) -> _Schema:
    reference = schema.get("$ref")
    resolved: _Schema = definitions[reference.rpartition("/")[2]] if reference else schema
    return resolved


def type_words(schema: _Schema, definitions: _Schema) -> str:
    """What a value may be, in words: ``duration``, ``list of text``, ``address or mapping``."""
    if "x-type" in schema:
        return str(schema["x-type"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{_as_yaml(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if forms := _forms(schema):
        return " or ".join(dict.fromkeys(type_words(form, definitions) for form in forms))
    if "$ref" in schema:
        return type_words(_resolved(schema, definitions), definitions)
    return _type_of(schema, definitions)


def _type_of(schema: _Schema, definitions: _Schema) -> str:
    kind, values = schema.get("type", ""), schema.get("additionalProperties")
    if kind == "array":
        return f"list of {type_words(schema.get('items', {}), definitions)}"
    if kind == "object":
        return f"mapping to {type_words(values, definitions)}" if isinstance(values, dict) else "mapping"
    return _TYPE_WORDS.get(kind, "any value") + _bounds(schema)


def _bounds(schema: _Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}" if low != high else f" {low}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""


def _as_yaml(value: Any) -> str:
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False)


def _later() -> str:
    rows = "".join(
        f"| `{row.pattern}` | {row.what}{'' if row.when is None else ' (some values)'} |\n" for row in later.TABLE
    )
    return (
        "## Not supported yet\n\nThese keys and values belong to the format, and are refused with their place until a "
        f"version acts on them.\n\n| key | what |\n|---|---|\n{rows}"
    )
