"""The operations, described for people: the page of the reference.

In: ``operations_markdown``. Not in: the description for machines (``operations.openapi``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from vizgate.gateway.operations.openapi import openapi_document
from vizgate.gateway.operations.operation import Operation

_REF = "#/components/schemas/"


def operations_markdown(operations: Iterable[Operation]) -> str:
    """*operations*, each with what it takes and gives, as Markdown."""
    listed = tuple(operations)
    schemas: dict[str, Any] = openapi_document(listed)["components"]["schemas"]
    answers = _with_inner([operation.answer for operation in listed], schemas)
    parts = [_overview(listed), *(_section(operation, schemas) for operation in listed)]
    return "\n".join([*parts, "## Answers\n", *(_model(name, schemas[name]) for name in answers)])


def _overview(operations: Iterable[Operation]) -> str:
    rows = [
        f"| [{operation.method} {operation.shown_path}](#{operation.name}) | "
        f"{'operator' if operation.is_change else 'reader'} | {operation.summary} |\n"
        for operation in operations
    ]
    return "| call | role | does |\n| --- | --- | --- |\n" + "".join(rows)


def _section(operation: Operation, schemas: dict[str, Any]) -> str:
    lines = [f"## {operation.name}\n", f"`{operation.method} {operation.shown_path}`: {operation.summary}"]
    if operation.description:
        lines[-1] += f" {operation.description}"
    lines.append("")
    if operation.body is not None:
        lines += ["It takes", "", _members(schemas[operation.body.__name__])]
    name = operation.answer.__name__
    lines.append(f"It answers with a [{_title(name)}](#{_anchor(name)}).{_refusals(operation)}\n")
    return "\n".join(lines)


def _refusals(operation: Operation) -> str:
    """What may go wrong beside what may with every call."""
    told = "; ".join(f"{status}: {reason.rstrip('.')}" for status, reason in operation.refusals.items())
    return f" It may be refused. {told}." if told else ""


def _with_inner(models: Iterable[type[BaseModel]], schemas: dict[str, Any]) -> list[str]:
    """The names of *models*, each followed by those that it refers to; each once."""
    names: dict[str, None] = {}
    for model in models:
        names[model.__name__] = None
        names.update(dict.fromkeys(_references(schemas[model.__name__])))
    return list(names)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "$ref":
                yield child.removeprefix(_REF)
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def _model(name: str, schema: dict[str, Any]) -> str:
    return f"### {_title(name)}\n\n{schema['description']}\n\n{_members(schema)}"


def _members(schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {_type(member)} | {member.get('description', '')}{'' if name in required else ' Optional.'} |\n"
        for name, member in schema["properties"].items()
    ]
    return "| member | type | meaning |\n| --- | --- | --- |\n" + "".join(rows)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"[{_title(name)}](#{_anchor(name)})"
    if "anyOf" in schema:
        return " or ".join(_type(form) for form in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return {"string": "text", "integer": "number", "object": "object", "boolean": "true or false", "null": "null"}.get(
        schema.get("type", ""), "number"
    )


def _title(name: str) -> str:
    """``LimitsAnswer`` as people say it: limits answer."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip()


def _anchor(name: str) -> str:
    return _title(name).replace(" ", "-")
