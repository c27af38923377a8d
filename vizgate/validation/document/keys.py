"""Keys of documents that look like slips of the keyboard.

In: ``check_keys``. Not in: what keys mean.

An unknown key is no error by OpenAPI, but ``requestbody`` is one for whoever wrote it: nothing would be checked.
"""

from __future__ import annotations

from difflib import get_close_matches

from vizgate.validation.document.references import References, Spot

PATH_ITEM = (
    "$ref", "summary", "description", "get", "put", "post", "delete", "options", "head", "patch", "trace", "servers",
    "parameters",
)  # fmt: skip
OPERATION = (
    "tags", "summary", "description", "externalDocs", "operationId", "parameters", "requestBody", "responses",
    "callbacks", "deprecated", "security", "servers",
)  # fmt: skip
PARAMETER = (
    "name", "in", "description", "required", "deprecated", "allowEmptyValue", "style", "explode", "allowReserved",
    "schema", "example", "examples", "content",
)  # fmt: skip
REQUEST_BODY = ("description", "content", "required")
RESPONSE = ("description", "headers", "content", "links", "summary")
MEDIA_TYPE = ("schema", "example", "examples", "encoding")


def check_keys(spot: Spot, known: tuple[str, ...], references: References) -> None:
    """Tell of every key of the mapping at *spot* that is not *known*, but nearly."""
    if not isinstance(spot.value, dict):
        return
    by_lower = {key.lower(): key for key in known}
    for key, child in spot.children():
        near = [] if key in known or key.startswith("x-") else get_close_matches(key.lower(), by_lower, 1, 0.8)
        if near:
            references.tell(child, f"there is no key {key[:60]!r} here. Did you mean {by_lower[near[0]]!r}?")
