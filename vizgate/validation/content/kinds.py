"""Bodies against schemas, by what kind of content they are.

In: one class for each kind that is read. Not in: which of them is meant (``content.media_type``), getting the bytes.

A body of any other kind (files, XML) is not read at all.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from vizgate.validation.check.json_text import NotJson, read_json
from vizgate.validation.check.schema import SchemaCheck
from vizgate.validation.check.violation import Violation, violations_of
from vizgate.validation.content.media_type import MediaType
from vizgate.validation.content.multipart import NotMultipart, part_names
from vizgate.validation.parameters.coerce import Shape, form_value
from vizgate.validation.parameters.pairs import Malformed, decode, query_pairs

_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
MAX_FORM_FIELDS = 1_000


class ContentCheck(Protocol):
    """How content of one kind is checked."""

    def violations(self, data: bytes, media_type: MediaType) -> list[Violation]:
        """What is wrong with *data*, which is not empty."""
        ...


def _body(detail: str, pointer: str = "") -> list[Violation]:
    return [Violation("body", detail, pointer=pointer)]


class JsonContent:
    """JSON and what has its form. RFC 8259 8.1: it is UTF-8, whatever a ``charset`` says."""

    def __init__(self, schema: SchemaCheck) -> None:
        self._schema = schema

    def violations(self, data: bytes, media_type: MediaType) -> list[Violation]:  # noqa: ARG002  # see ContentCheck
        """See ``ContentCheck``."""
        try:
            value = read_json(data)
        except NotJson as exc:
            return _body(str(exc))
        if self._schema.accepts(value):
            return []
        return violations_of("body", self._schema.faults(value))


class TextContent:
    """Text, which is one value. Every charset but UTF-8 is refused before it comes here."""

    def __init__(self, schema: SchemaCheck) -> None:
        self._schema = schema

    def violations(self, data: bytes, media_type: MediaType) -> list[Violation]:  # noqa: ARG002  # see ContentCheck
        """See ``ContentCheck``."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return _body("is not UTF-8")
        return violations_of("body", [] if self._schema.accepts(text) else self._schema.faults(text))


class FormContent:
    """``application/x-www-form-urlencoded``: an object of its fields, each read as its schema asks."""

    def __init__(self, schema: SchemaCheck, shape: Shape) -> None:
        self._schema = schema
        self._shape = shape

    def violations(self, data: bytes, media_type: MediaType) -> list[Violation]:  # noqa: ARG002  # see ContentCheck
        """See ``ContentCheck``."""
        if data.count(b"&") >= MAX_FORM_FIELDS:
            return _body(f"has more than {MAX_FORM_FIELDS} fields")
        try:
            pairs = query_pairs(data.decode("latin-1"))
            value: dict[str, Any] = {
                name: form_value([decode(text) for text in texts], self._shape_of(name))
                for name, texts in pairs.items()
            }
        except Malformed as exc:
            return _body(str(exc))
        return violations_of("body", [] if self._schema.accepts(value) else self._schema.faults(value))

    def _shape_of(self, name: str) -> Shape:
        return self._shape.properties.get(name) or self._shape.others or Shape()


class MultipartContent:
    """``multipart/form-data``: that what is required is there. The content of the parts is not checked."""

    def __init__(self, required: Collection[str], allowed: Collection[str] | None) -> None:
        self._required = required
        self._allowed = allowed

    def violations(self, data: bytes, media_type: MediaType) -> list[Violation]:
        """See ``ContentCheck``."""
        try:
            names = part_names(data, media_type.parameter("boundary"))
        except NotMultipart as exc:
            return _body(str(exc))
        missing = [name for name in self._required if name not in names]
        found = [Violation("body", f'"{name[:100]}" is a required part') for name in missing]
        if self._allowed is not None and any(name not in self._allowed for name in names):
            found += _body("has a part that is not allowed")
        return found


def charset_is_read(media_type: MediaType) -> bool:
    """Whether the charset that *media_type* names, if any, is one that is read."""
    charset = media_type.parameter("charset")
    return charset is None or charset.lower() in _UTF8
