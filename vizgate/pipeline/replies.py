"""The gateway's own answers to what went wrong.

In: RFC 9457 problem+json with the request id, never an internal message. Not in: answers that a configuration asks for
(``transform.respond``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from vizgate.errors import ExchangeError, Side
from vizgate.message.headers import Field, Headers
from vizgate.pipeline.response import Response

_CONTENT_TYPE: Field = (b"Content-Type", b"application/problem+json")


def problem(
    status: int,
    detail: str = "",
    request_id: str = "",
    fields: list[Field] | None = None,
    members: Mapping[str, object] | None = None,
) -> Response:
    """A problem document (RFC 9457) of type ``about:blank``.

    Args: fields: more header fields, such as ``Allow``. members: more members of the document (RFC 9457 3.2).
    """
    document: dict[str, object] = {"type": "about:blank", "title": _title(status), "status": status}
    if detail:
        document["detail"] = detail
    if request_id:
        document["request_id"] = request_id
    if members:
        document |= members
    data = json.dumps(document, separators=(",", ":")).encode()
    return Response(status, Headers([_CONTENT_TYPE, *(fields or [])]), data)


def problem_of(error: ExchangeError, request_id: str = "") -> Response:
    """The answer to *error*. What the upstream did is told by the status alone: its details are for the log."""
    detail = error.detail if error.side is Side.DOWNSTREAM else ""
    fields: list[Field] = [(b"Retry-After", b"%d" % error.retry_after_s)] if error.retry_after_s else []
    return problem(error.status, detail, request_id, fields)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
