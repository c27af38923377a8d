"""JSON Schema of the YAML, for editors and for the reference.

In: the schema that pydantic derives from the models, made true to what the loader takes: short forms, ``${NAME}``,
defaults as people write them. Not in: checks across parts, which a schema cannot express (``validate``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from vizgate.config.model import GatewayConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_Schema = dict[str, Any]
_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_NOTES = ("title", "description", "default", "examples", "x-type")
_MAPS = ("properties", "patternProperties", "$defs")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties")
# Pydantic writes a bound that follows a validator of ours under its own name for it.
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_LENGTHS = {"min_length": ("minLength", "minItems"), "max_length": ("maxLength", "maxItems")}


def json_schema() -> _Schema:
    """The schema (draft 2020-12) that every YAML the loader takes is valid under; the converse holds where it can."""
    schema = plain_schema()
    _each(schema, _let_variables)
    return {"$schema": DIALECT, **schema, "title": "vizgate configuration"}


def plain_schema() -> _Schema:
    """The schema of values after variables were replaced; what the reference is made from."""
    schema = GatewayConfig.model_json_schema(mode="validation", by_alias=True)
    definitions: _Schema = schema["$defs"]
    for model in models_of(GatewayConfig):
        properties = (schema if model is GatewayConfig else definitions[model.__name__])["properties"]
        for name, field in model.model_fields.items():
            _set_default(properties[field.alias or name], field)
    _each(schema, _tidy)
    return schema


def models_of(root: type[BaseModel]) -> list[type[BaseModel]]:
    """*root* and every model its fields lead to, each once."""
    found = [root]
    for model in found:
        for field in model.model_fields.values():
            found += [inner for inner in _models_in(field.annotation) if inner not in found]
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)
    if hasattr(annotation, "__metadata__"):
        yield from _models_in(annotation.__origin__)


def _set_default(schema: _Schema, field: FieldInfo) -> None:
    schema.pop("default", None)
    if field.is_required() or field.get_default(call_default_factory=True) is None:
        return
    annotated: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(annotated)
    schema["default"] = adapter.dump_python(
        field.get_default(call_default_factory=True), mode="json", by_alias=True, exclude_defaults=True
    )


def _tidy(schema: _Schema) -> None:
    for name, keyword in _BOUNDS.items():
        if name in schema:
            schema[keyword] = schema.pop(name)
    for name, (of_text, of_list) in _LENGTHS.items():
        if name in schema:
            schema[of_text if schema.get("type") == "string" else of_list] = schema.pop(name)
    # A title per property would only repeat its key.
    for child in schema.get("properties", {}).values():
        child.pop("title", None)
    # `null` stands for a key that is left out; in the YAML it is refused.
    if "anyOf" in schema:
        schema["anyOf"] = [form for form in schema["anyOf"] if form != {"type": "null"}]
        if len(schema["anyOf"]) == 1:
            schema |= schema.pop("anyOf")[0] | {key: schema[key] for key in _NOTES if key in schema}
    if "patternProperties" in schema:
        schema["additionalProperties"] = False


def _let_variables(schema: _Schema) -> None:
    """Let ``${NAME}`` stand where a schema wants anything but free text."""
    strict_text = schema.get("type") == "string" and "pattern" in schema and r"\$\{" not in schema["pattern"]
    if schema.get("type") in {"integer", "number", "boolean"} or "enum" in schema or "const" in schema or strict_text:
        form = {key: schema.pop(key) for key in list(schema) if key not in _NOTES}
        schema["anyOf"] = [form, dict(_VARIABLE)]


def _each(schema: _Schema, change: Callable[[_Schema], None]) -> None:
    """Apply *change* to every schema inside *schema*, innermost first, then to itself."""
    children = [child for key in _MAPS for child in schema.get(key, {}).values()]
    children += [child for key in _LISTS for child in schema.get(key, [])]
    children += [schema[key] for key in _SINGLE if isinstance(schema.get(key), dict)]
    for child in children:
        _each(child, change)
    change(schema)
