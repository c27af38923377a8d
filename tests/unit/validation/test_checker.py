"""Checking requests in any program, without a gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vizgate import Headers, Request, RequestChecker, ValidationConfig, Verdict, Violation
from vizgate.pipeline.body import BytesBody, StreamBody

API = """
openapi: 3.1.0
paths:
  /x:
    post:
      parameters: [{name: n, in: query, required: true, schema: {type: integer}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
"""


@pytest.fixture
def checker(tmp_path: Path) -> RequestChecker:
    (tmp_path / "api.yaml").write_text(API)
    return RequestChecker(ValidationConfig(openapi=tmp_path / "api.yaml", body_limit=20))


def post(target: bytes, body: bytes, content_type: str = "application/json", method: str = "POST") -> Request:
    return Request(method, target, Headers.of([("Content-Type", content_type)]), body=BytesBody(body))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (post(b"/x?n=1", b"{}"), None),
        (post(b"/x?n=1", b"{}", method="OPTIONS"), None),
        (
            post(b"/x", b"[]"),
            Verdict(
                400,
                [
                    Violation("query", "is required", "n"),
                    Violation("body", 'the value is not of type "object"'),
                ],
            ),
        ),
        (post(b"/x?n=1", b""), Verdict(400, [Violation("body", "is required")])),
        (
            post(b"/x?n=1", b'{"a": "' + b"x" * 20 + b'"}'),
            Verdict(413, [Violation("body", "is too long to be checked")]),
        ),
        (
            post(b"/x?n=1", b"{}", "text/plain"),
            Verdict(
                415,
                [Violation("media_type", "is of a media type that is not taken here")],
                ((b"Accept", b"application/json"),),
            ),
        ),
        (post(b"/y", b"{}"), Verdict(404, [Violation("unknown_path", "the path is no part of this API")])),
        (
            post(b"/x", b"{}", method="PUT"),
            Verdict(405, [Violation("unknown_method", "the method is none of POST")], ((b"Allow", b"POST"),)),
        ),
    ],
)
def test_verdict_tells_what_is_wrong(checker: RequestChecker, request_: Request, expected: Verdict | None) -> None:
    """Nothing, or what to answer and why."""
    assert expected == checker.check(request_)


def test_body_must_be_in_memory(checker: RequestChecker) -> None:
    """Waiting is for whoever calls."""

    async def never() -> AsyncIterator[bytes]:
        yield b""

    with pytest.raises(ValueError, match="Read it first"):
        checker.check(Request("POST", b"/x", body=StreamBody(never())))


def test_settings_without_a_document_check_nothing() -> None:
    """``mode: off`` is for routes; there is nothing to check by."""
    with pytest.raises(ValueError, match="neither"):
        RequestChecker(ValidationConfig(mode="off"))
