"""Which operation a request has to keep to.

In: ``OpenApiRules`` and ``SchemaRules``, chosen by what the YAML names. Not in: checking by it
(``validation.middleware``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vizgate.message.headers import Field
from vizgate.message.target import normalize_path
from vizgate.pipeline.request import Request
from vizgate.validation.check.schema import SchemaCheck
from vizgate.validation.check.violation import Violation
from vizgate.validation.content.kinds import ContentCheck, JsonContent
from vizgate.validation.content.media_type import MediaTable, MediaType
from vizgate.validation.openapi.document import ApiDocument
from vizgate.validation.openapi.operation import BodyPlan, Operation
from vizgate.validation.parameters.pairs import Raw


@dataclass(frozen=True, slots=True)
class Found:
    """The operation of a request, and the raw values of its path parameters."""

    operation: Operation
    path: Raw = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A request that there is no operation for. ``status``: what it is answered with."""

    status: int
    violation: Violation
    fields: tuple[Field, ...] = ()


class Rules(Protocol):
    """Finds what a request has to keep to."""

    def find(self, request: Request) -> Found | Unknown | None:
        """The operation of *request*; None when it is let through without checks."""
        ...


class OpenApiRules:
    """The operations of a document. Args: base_path: see ``ApiDocument.table``."""

    def __init__(self, document: ApiDocument, base_path: str | None, *, allow_unknown: bool) -> None:
        self._table = document.table(base_path)
        self._unknown = (
            None if allow_unknown else Unknown(404, Violation("unknown_path", "the path is no part of this API"))
        )
        self._allow_unknown = allow_unknown

    def find(self, request: Request) -> Found | Unknown | None:
        """See ``Rules``."""
        # What the client asked for: a rewrite comes after this. The router has refused what has no normal form.
        found = self._table.find(normalize_path(request.target.partition(b"?")[0]))
        if found is None:
            return self._unknown
        item, values = found
        operation = item.operation(request.method)
        if operation is not None:
            return Found(operation, values)
        # Where the document has no ``options``. A preflight asks what may be done; it is for the service to answer,
        # where the gateway does not do it.
        if self._allow_unknown or request.method == "OPTIONS":
            return None
        violation = Violation("unknown_method", f"the method is none of {item.allow}")
        return Unknown(405, violation, ((b"Allow", item.allow.encode("latin-1", "replace")),))


_METHODS_WITH_BODY = frozenset({"PATCH", "POST", "PUT"})


class SchemaRules:
    """One schema for the bodies of a route: JSON, and required where a method is nothing without one."""

    def __init__(self, schema: SchemaCheck) -> None:
        check: ContentCheck = JsonContent(schema)
        types = (MediaType("application/json"), MediaType("application/*+json"))
        media: MediaTable[ContentCheck | None] = MediaTable([(media_type, check) for media_type in types])
        self._found: Mapping[bool, Found] = {
            required: Found(Operation("body", body=BodyPlan(required, media))) for required in (False, True)
        }

    def find(self, request: Request) -> Found | Unknown | None:
        """See ``Rules``."""
        return self._found[request.method in _METHODS_WITH_BODY]
