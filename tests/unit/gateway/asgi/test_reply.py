"""Responses as ASGI messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.errors import ClientGone, InvalidResponse, UpstreamReset
from vizgate.gateway.asgi.reply import AsgiReply
from vizgate.message.headers import Headers
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

TRAILERS = {"extensions": {"http.response.trailers": {}}}


async def chunks(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if error is not None:
        raise error


async def sent(response: Response, method: str = "GET", scope: dict[str, Any] | None = None) -> list[Any]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await AsgiReply(scope or {}, send, write_s=1.0).send(Request(method, b"/"), response)
    return messages


async def test_whole_body_is_two_messages() -> None:
    """A body in memory goes out with its length, names in lower case, and without what servers write themselves."""
    fields = Headers([(b"X-A", b"1"), (b"Date", b"x"), (b"Server", b"x"), (b"Connection", b"x")])
    start, body = await sent(Response(200, fields, b"body"))
    assert {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"x-a", b"1"), (b"content-length", b"4")],
    } == start
    assert {"type": "http.response.body", "body": b"body", "more_body": False} == body


async def test_stream_goes_out_chunk_by_chunk() -> None:
    """Every chunk is a message of its own; without a length there is no Content-Length."""
    start, *bodies = await sent(Response(200, None, StreamBody(chunks(b"a", b"b"))))
    assert [] == start["headers"]
    assert [(b"a", True), (b"b", True), (b"", False)] == [(m["body"], m["more_body"]) for m in bodies]


@pytest.mark.parametrize("parts", [(b"abc",), (b"a",), ()])
async def test_stream_of_another_length_is_no_answer(parts: tuple[bytes, ...]) -> None:
    """More or less than was announced ends with an exception, never with a last message."""
    with pytest.raises(InvalidResponse):
        await sent(Response(200, None, StreamBody(chunks(*parts), length=2), local=False))


async def test_stream_that_breaks_is_not_ended() -> None:
    """What the body raises reaches the server."""
    with pytest.raises(UpstreamReset):
        await sent(Response(200, None, StreamBody(chunks(b"a", error=UpstreamReset())), local=False))


async def test_head_keeps_the_length_of_the_upstream() -> None:
    """An answer to HEAD has the length that it came with, and no body."""
    response = Response(200, Headers([(b"Content-Length", b"42")]), b"", local=False)
    start, body = await sent(response, "HEAD")
    assert ([(b"content-length", b"42")], b"") == (start["headers"], body["body"])


async def test_head_of_a_local_answer_has_its_length() -> None:
    """A body that only GET would show still has its length told."""
    start, body = await sent(Response(200, None, b"body"), "HEAD")
    assert ([(b"content-length", b"4")], b"") == (start["headers"], body["body"])


@pytest.mark.parametrize("status", [204, 304])
async def test_status_without_body_sends_none(status: int) -> None:
    """204 and 304 end with their head; the length of a 304 is a field like any other."""
    start, body = await sent(Response(status, Headers([(b"ETag", b"x")]), b"body"))
    assert ([(b"etag", b"x")], b"") == (start["headers"], body["body"])


async def test_trailers_go_where_they_can() -> None:
    """Trailers need an extension of ASGI; without it they are left out."""
    trailers = [(b"X-Sum", b"1")]
    start, *_, last = await sent(Response(200, None, StreamBody(chunks(b"a"), trailers=trailers)), scope=TRAILERS)
    assert start["trailers"]
    assert {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False} == last
    start, *_, last = await sent(Response(200, None, StreamBody(chunks(b"a"), trailers=trailers)))
    assert ("trailers" not in start, "http.response.body") == (True, last["type"])


async def test_client_that_is_gone_or_stuck_is_client_gone() -> None:
    """An OSError of the server and a client that does not read are the client's end, not an error of ours."""

    async def gone(_: Any) -> None:
        raise BrokenPipeError

    async def stuck(_: Any) -> None:
        await asyncio.Event().wait()

    for send in (gone, stuck):
        with pytest.raises(ClientGone):
            await AsgiReply({}, send, write_s=0.001).send(Request("GET", b"/"), Response(200))
