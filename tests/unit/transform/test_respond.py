"""``respond`` and ``builtin: echo`` at work."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.message.headers import Headers
from vizgate.pipeline.body import Body, BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.transform.config import RespondConfig
from vizgate.transform.echo import MAX_ECHOED_BYTES, Echo
from vizgate.transform.respond import Respond


@pytest.mark.parametrize(
    ("config", "status", "fields", "data"),
    [
        ({"status": 410, "json": {"error": "gone"}}, 410, [("Content-Type", "application/json")], b'{"error":"gone"}'),
        ({"json": None}, 200, [("Content-Type", "application/json")], b"null"),
        ({"text": "grüß"}, 200, [("Content-Type", "text/plain; charset=utf-8")], "grüß".encode()),
        ({"body": "x"}, 200, [("Content-Type", "application/octet-stream")], b"x"),
        ({"body": "<p>", "headers": {"content-type": "text/html"}}, 200, [("content-type", "text/html")], b"<p>"),
        ({"status": 204}, 204, [], b""),
        ({"status": 503, "headers": {"Retry-After": "5"}}, 503, [("Retry-After", "5")], b""),
    ],
)
async def test_respond_config_gives_answer(
    config: dict[str, Any], status: int, fields: list[tuple[str, str]], data: bytes
) -> None:
    """Status, fields and body are those of the configuration, with a content type where none was written."""
    response = await Respond(RespondConfig.model_validate(config))(Request("GET", b"/old/x", Headers()))
    assert (response.status, response.headers.items(), response.body.data) == (status, fields, data)
    assert response.local


async def test_respond_changed_answer_leaves_next_one_alone() -> None:
    """Middleware that changes the fields of one answer does not change the next."""
    handler = Respond(RespondConfig(text="hello"))
    request = Request("GET", b"/", Headers())
    (await handler(request)).headers["X-Once"] = "1"
    assert "X-Once" not in (await handler(request)).headers


async def _echo(request: Request) -> dict[str, Any]:
    response = await Echo()(request)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.body.data is not None
    answer: dict[str, Any] = json.loads(response.body.data)
    return answer


async def test_echo_request_is_described() -> None:
    """The answer tells the request as it was seen: path and query undecoded, fields in order, client and id."""
    request = Request(
        "POST", b"/a%20b//c?x=1&x=2", Headers.of([("X-A", "1"), ("x-a", "2")]), authority="api.example.com:8080",
        client="192.0.2.1", id="req-1", body=BytesBody("grüß".encode()),
    )  # fmt: skip
    request.route = "everything"
    assert await _echo(request) == {
        "method": "POST",
        "scheme": "http",
        "authority": "api.example.com:8080",
        "path": "/a%20b//c",
        "query": "x=1&x=2",
        "headers": [["X-A", "1"], ["x-a", "2"]],
        "body": "grüß",
        "body_encoding": "utf-8",
        "body_length": 6,
        "body_truncated": False,
        "client": "192.0.2.1",
        "request_id": "req-1",
        "route": "everything",
    }


async def test_echo_head_answers_as_to_get() -> None:
    """To HEAD the handler answers what it would to GET, so that the length is told right."""
    assert (await _echo(Request("HEAD", b"/", Headers())))["method"] == "HEAD"


async def test_echo_bytes_that_are_no_text_come_as_base64() -> None:
    """A body that is not UTF-8 comes back whole, and marked."""
    answer = await _echo(Request("PUT", b"/", Headers(), body=BytesBody(b"\xff\x00\xfe")))
    assert (answer["body_encoding"], base64.b64decode(answer["body"])) == ("base64", b"\xff\x00\xfe")


def _streamed(*chunks: bytes) -> Body:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return StreamBody(source())


async def test_echo_large_body_is_counted_and_cut() -> None:
    """Of a large body the beginning comes back, and the length of all of it."""
    chunk = b"x" * 40_000
    answer = await _echo(Request("POST", b"/", Headers(), body=_streamed(chunk, chunk, chunk)))
    assert (len(answer["body"]), answer["body_length"], answer["body_truncated"]) == (MAX_ECHOED_BYTES, 120_000, True)


async def test_echo_body_of_exactly_the_bound_is_whole() -> None:
    """A body as large as the bound is not cut."""
    answer = await _echo(Request("POST", b"/", Headers(), body=_streamed(b"x" * MAX_ECHOED_BYTES)))
    assert (answer["body_length"], answer["body_truncated"]) == (MAX_ECHOED_BYTES, False)


async def test_echo_cut_inside_a_character_stays_text() -> None:
    """A character cut in two at the bound is left out; the rest is still text."""
    answer = await _echo(Request("POST", b"/", Headers(), body=_streamed(b"x" * (MAX_ECHOED_BYTES - 1), "é".encode())))
    assert (answer["body_encoding"], len(answer["body"])) == ("utf-8", MAX_ECHOED_BYTES - 1)


async def test_echo_body_read_before_is_still_there() -> None:
    """A body that a middleware has read already is echoed all the same."""
    body = _streamed(b"he", b"llo")
    await body.read(100)
    assert (await _echo(Request("POST", b"/", Headers(), body=body)))["body"] == "hello"


def test_handlers_tell_what_they_are() -> None:
    """The reprs say what a route leads to."""
    assert repr(Respond(RespondConfig(status=410))) == "<Respond [410, <BytesBody [0 bytes]>]>"
    assert repr(Echo()) == "<Echo>"
