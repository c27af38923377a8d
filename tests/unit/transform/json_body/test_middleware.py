"""``use: json_body`` at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.errors import BodyTooLarge
from vizgate.message.headers import Headers
from vizgate.pipeline.body import Body, BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.json_body.config import JsonBodyConfig
from vizgate.transform.json_body.middleware import JsonBody

JSON = ("Content-Type", "application/json; charset=utf-8")
DROP = {"drop": ["secret"]}


def stream(*chunks: bytes, length: int | None = None) -> StreamBody:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return StreamBody(source(), length)


async def content(body: Body) -> bytes:
    return body.data if body.data is not None else b"".join([chunk async for chunk in body])


async def sent(body: Body, *fields: tuple[str, str], **config: Any) -> tuple[Response, bytes, Headers]:
    """The answer, and what the service saw."""
    seen: list[tuple[bytes, Headers]] = []

    async def service(request: Request) -> Response:
        seen.append((await content(request.body), request.headers))
        return Response(200)

    layer = JsonBody(JsonBodyConfig.model_validate({"request": DROP, **config}))
    response = await layer(Request("POST", b"/", Headers.of(fields), body=body), service)
    return response, *(seen[0] if seen else (b"", Headers()))


async def answered(
    body: Body, *fields: tuple[str, str], method: str = "GET", status: int = 200, **config: Any
) -> tuple[Response, bytes]:
    """The answer that the client gets, and its content."""

    async def service(_request: Request) -> Response:
        return Response(status, Headers.of(fields), body, local=False)

    layer = JsonBody(JsonBodyConfig.model_validate({"response": DROP, **config}))
    response = await layer(Request(method, b"/"), service)
    return response, await content(response.body)


BODIES = [
    BytesBody,
    lambda data: stream(data[:5], data[5:], length=len(data)),
    lambda data: stream(data[:5], data[5:]),
]
each_way = pytest.mark.parametrize("make", BODIES, ids=["whole", "arriving", "chunked"])


@each_way
async def test_request_is_changed(make: Any) -> None:
    """The service gets the changed document, however the body comes; fields about the old bytes are gone."""
    response, body, fields = await sent(make(b'{"a": 1, "secret": 2}'), JSON, ("Content-Digest", "x"))
    assert (200, b'{"a":1}', [JSON]) == (response.status, body, fields.items())


@each_way
async def test_response_is_changed(make: Any) -> None:
    """The client gets the changed document, with a weak tag."""
    response, body = await answered(make(b'{"a": 1, "secret": 2}'), JSON, ("ETag", '"1"'), ("Accept-Ranges", "bytes"))
    assert (b'{"a":1}', [JSON, ("ETag", 'W/"1"')]) == (body, response.headers.items())


@pytest.mark.parametrize("kind", ["text/plain", "application/x-ndjson", "text/event-stream", "application/jsonp"])
async def test_other_content_passes(kind: str) -> None:
    """Only JSON is looked at; streams of it are not JSON."""
    body = BytesBody(b'{"secret": 1}')
    _, seen, _ = await sent(body, ("Content-Type", kind))
    response, got = await answered(body, ("Content-Type", kind))
    assert (b'{"secret": 1}', b'{"secret": 1}', body) == (seen, got, response.body)


@each_way
async def test_long_body_is_refused_or_passes(make: Any) -> None:
    """413 or 502, or all of it as it came."""
    long = b'{"secret": 1, "a": 2}'
    with pytest.raises(BodyTooLarge):
        await sent(make(long), JSON, limit=10)
    assert 502 == (await answered(make(long), JSON, limit=10))[0].status
    assert long == (await sent(make(long), JSON, limit=10, otherwise="pass"))[1]
    assert long == (await answered(make(long), JSON, limit=10, otherwise="pass"))[1]


@each_way
async def test_malformed_body_is_refused_or_passes(make: Any) -> None:
    """400 or 502, or as it came."""
    bad = b"{not json}"
    assert 400 == (await sent(make(bad), JSON))[0].status
    assert 502 == (await answered(make(bad), JSON))[0].status
    assert bad == (await sent(make(bad), JSON, otherwise="pass"))[1]
    assert bad == (await answered(make(bad), JSON, otherwise="pass"))[1]


async def test_compressed_body_is_refused_or_passes() -> None:
    """What is compressed cannot be looked into."""
    coded = ("Content-Encoding", "gzip")
    assert 415 == (await sent(BytesBody(b"x"), JSON, coded))[0].status
    assert 502 == (await answered(BytesBody(b"x"), JSON, coded))[0].status
    assert b"x" == (await sent(BytesBody(b"x"), JSON, coded, otherwise="pass"))[1]
    assert b"x" == (await answered(BytesBody(b"x"), JSON, coded, otherwise="pass"))[1]


async def test_body_without_content_passes() -> None:
    """Nothing is nothing, and not malformed JSON."""
    assert 200 == (await sent(BytesBody(b""), JSON))[0].status
    assert 200 == (await sent(stream(), JSON))[0].status


@pytest.mark.parametrize("status", [204, 206, 304])
async def test_response_without_whole_content_passes(status: int) -> None:
    """Parts of a document are no document."""
    assert b"xx" == (await answered(BytesBody(b"xx"), JSON, status=status))[1]


async def test_head_does_not_tell_the_old_length() -> None:
    """The length of what GET would give is not known."""
    response, _ = await answered(BytesBody(b""), JSON, ("Content-Length", "99"), ("ETag", '"1"'), method="HEAD")
    assert [JSON, ("ETag", 'W/"1"')] == response.headers.items()


async def test_answer_of_the_gateway_itself_stays() -> None:
    """A problem document has nothing of the service in it."""

    async def refusing(_request: Request) -> Response:
        return Response.json(403, {"secret": 1})

    layer = JsonBody(JsonBodyConfig.model_validate({"response": DROP}))
    assert b'{"secret":1}' == (await layer(Request("GET", b"/"), refusing)).body.data


async def test_large_document_off_the_loop() -> None:
    """A document of a megabyte comes out changed, too."""
    rows = b",".join([b'{"a":"%050d","secret":1}' % number for number in range(12_000)])
    _, body = await answered(BytesBody(b"[" + rows + b"]"), JSON)
    assert b"secret" not in body
    assert 12_000 == body.count(b'"a"')
