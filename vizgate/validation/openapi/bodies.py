"""Request bodies and responses of a document, compiled.

In: ``content`` objects into tables of checks. Not in: parameters (``openapi.parameters``).
"""

from __future__ import annotations

from typing import Any

from vizgate.validation.content.kinds import (
    ContentCheck,
    FormContent,
    JsonContent,
    MultipartContent,
    TextContent,
)
from vizgate.validation.content.media_type import MediaTable, MediaType, parse_media_type
from vizgate.validation.document.keys import MEDIA_TYPE, REQUEST_BODY, RESPONSE, check_keys
from vizgate.validation.document.references import References, Spot
from vizgate.validation.openapi.direction import Direction, Later
from vizgate.validation.openapi.operation import BodyPlan, ResponsePlan
from vizgate.validation.openapi.shapes import shape_of

_FORM = "application/x-www-form-urlencoded"


def body_plan(spot: Spot | None, references: References, direction: Direction) -> Later[BodyPlan | None]:
    """The ``requestBody`` at *spot*, which may be a reference."""
    found = None if spot is None else references.follow(spot)
    if found is None:
        return lambda: None
    check_keys(found, REQUEST_BODY, references)
    content = found.child("content")
    if content is None or not isinstance(content.value, dict) or not content.value:
        references.tell(found, "a requestBody has no content. Write {content: {application/json: {schema: ...}}}")
        return lambda: None
    required = found.value.get("required") is True
    media = _table(content, references, direction)
    return lambda: BodyPlan(required, media())


def response_plan(spot: Spot, references: References, direction: Direction) -> Later[ResponsePlan]:
    """The response object at *spot*, which may be a reference."""
    found = references.follow(spot)
    if found is None:
        return ResponsePlan
    check_keys(found, RESPONSE, references)
    content = found.child("content")
    if content is None:
        return ResponsePlan
    media = _table(content, references, direction)
    return lambda: ResponsePlan(media())


def _table(content: Spot, references: References, direction: Direction) -> Later[MediaTable[ContentCheck | None]]:
    entries: list[tuple[MediaType, Later[ContentCheck | None]]] = []
    for key, spot in content.children():
        media_type = parse_media_type(key)
        if media_type is None:
            references.tell(spot, f"{key[:60]!r} is not a media type. Write one such as application/json")
            continue
        check_keys(spot, MEDIA_TYPE, references)
        entries.append((media_type, _check(media_type, spot, direction)))
    return lambda: MediaTable([(media_type, check()) for media_type, check in entries])


def _check(media_type: MediaType, spot: Spot, direction: Direction) -> Later[ContentCheck | None]:
    schema = spot.child("schema")
    essence = media_type.essence
    is_read = media_type.is_json or essence in {_FORM, "multipart/form-data"} or essence.startswith("text/")
    if schema is None:
        return lambda: None
    # The schemas of content that is not read are looked at, too: a mistake in one is told all the same.
    name = direction.bundle.add(schema)
    if not is_read:
        return lambda: None

    def make() -> ContentCheck:
        if essence == "multipart/form-data":
            return MultipartContent(*_parts_of(name, direction.bundle.schemas))
        check = direction.check(name)
        if media_type.is_json:
            return JsonContent(check)
        if essence == _FORM:
            return FormContent(check, shape_of(name, direction.bundle.schemas))
        return TextContent(check)

    return make


def _parts_of(name: str, schemas: dict[str, Any]) -> tuple[list[str], list[str] | None]:
    """The names that a form must have and, if no others may be there, those that it may have."""
    schema = schemas[name]
    for _ in range(32):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = schemas[schema["$ref"].removeprefix("#/$defs/")]
    if not isinstance(schema, dict):
        return [], None
    required = [str(item) for item in schema.get("required", ())]
    return required, list(schema.get("properties", ())) if schema.get("additionalProperties") is False else None
