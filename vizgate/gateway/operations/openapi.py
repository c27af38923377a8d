"""The operations, described for machines.

In: ``openapi_document``, OpenAPI 3.1. Not in: the page for people (``docs/generate.py``), which is made from the same
table.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from vizgate._version import __version__
from vizgate.gateway.operations.operation import Operation

_REFS = "#/components/schemas/{model}"
#: What may happen to every request.
COMMON = {
    401: "There is no token, or nobody has it.",
    403: "The token has not the role that this needs, or the request came from a page or through a proxy.",
    429: "Too many wrong tokens.",
}
#: What may happen to every request with a body.
OF_BODIES = {
    400: "The body is not JSON.",
    413: "The body is too long.",
    415: "The body is not called JSON.",
    422: "The body does not say what it must; `problems` has every place.",
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "string"}, "description": "Each with its place."},
    },
}


def openapi_document(operations: Iterable[Operation]) -> dict[str, Any]:
    """*operations* as an OpenAPI document."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.shown_path, {})[operation.method.lower()] = _described(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vizgate admin API",
            "version": __version__,
            "description": "What operators may ask of a running gateway.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # On a loopback address or a Unix socket there need not be a token.
        "security": [{"token": []}, {}],
    }


def refusals_of(operation: Operation) -> dict[int, str]:
    """Why *operation* may be refused, by status."""
    of_body = {} if operation.body is None else OF_BODIES
    merged = dict(COMMON)
    for status, reason in (*of_body.items(), *operation.refusals.items()):
        merged[status] = f"{merged[status]} {reason}" if status in merged else reason
    return dict(sorted(merged.items()))


def _described(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "x-role": "operator" if operation.is_change else "reader",
        "responses": {"200": _response("Done.", "application/json", _schema(operation.answer, schemas))},
    }
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = [_parameter(name) for name in operation.parameters]
    if operation.body is not None:
        content = {"application/json": {"schema": _schema(operation.body, schemas)}}
        described["requestBody"] = {"required": True, "content": content}
    problem = {"$ref": _REFS.format(model="Problem")}
    for status, reason in refusals_of(operation).items():
        described["responses"][str(status)] = _response(
            reason or HTTPStatus(status).phrase, "application/problem+json", problem
        )
    return described


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _response(description: str, content_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {content_type: {"schema": schema}}}


def _schema(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of *model*, which is put under *schemas* with everything that it refers to."""
    schema = model.model_json_schema(ref_template=_REFS)
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {"$ref": _REFS.format(model=model.__name__)}
