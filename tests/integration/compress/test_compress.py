"""Compression over real sockets, read by clients of another make."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import DoorFactory
from tests.integration.installed import program
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, reset, send, wait

TEXT = b"".join(b"line %d of a page that is long enough\n" % number for number in range(5000))
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(TEXT)


def parts(upstream: ScriptedUpstream, **compress: Any) -> dict[str, Any]:
    return {
        "services": {"pages": {"targets": [upstream.url]}, "echo": {"builtin": "echo"}},
        "routes": [
            {
                "match": {"path": "/*"},
                "service": "pages",
                "middleware": [{"use": "compress", "encodings": ["gzip"], **compress}],
            },
            {
                "match": {"path": "/echo"},
                "service": "echo",
                "middleware": [{"use": "decompress", "limit": "1MiB", "ratio": 20}],
            },
        ],
    }


async def ask(door: Any, head: bytes, body: bytes = b"") -> RawResponse:
    async with door.client() as client:
        await client.send(head.replace(b"\n", b"\r\n") + b"\r\nHost: a\r\n\r\n" + body)
        return await client.read_response(head.split()[0].decode())


async def test_page_is_compressed_whole(door: DoorFactory) -> None:
    """A page of 200 KB becomes a stream of gzip; HEAD tells the same fields."""
    async with ScriptedUpstream([answer(HEAD + TEXT)]) as upstream, door(parts(upstream)) as opened:
        got = await ask(opened, b"GET / HTTP/1.1\nAccept-Encoding: br;q=0, gzip")
        assert TEXT == zlib.decompress(got.body, 31)
        assert len(got.body) < len(TEXT) / 5
        assert [b'W/"1"'] == got.get_all(b"etag")
        assert [b"Accept-Encoding"] == got.get_all(b"vary")
        head = await ask(opened, b"HEAD / HTTP/1.1\nAccept-Encoding: gzip")
        assert [b"gzip"] == head.get_all(b"content-encoding")
        assert [] == head.get_all(b"content-length")
        plain = await ask(opened, b"GET / HTTP/1.1")
        assert TEXT == plain.body
        assert [b"%d" % len(TEXT)] == plain.get_all(b"content-length")


async def test_first_chunk_arrives_before_the_last_is_made(door: DoorFactory) -> None:
    """A stream of lines is not held back: the first can be read while the upstream waits to send the second."""
    may_go_on = asyncio.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    script = [read_request(), send(head + b'8\r\n{"a": 1}\r\n'), wait(may_go_on), send(b"2\r\n{}\r\n0\r\n\r\n")]
    async with ScriptedUpstream(script) as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        reader = zlib.decompressobj(31)
        received = b""
        while b'{"a": 1}' not in received:
            data = await client.receive()
            assert data, "the connection ended"
            _, mark, body = data.partition(b"\x1f\x8b")
            received += reader.decompress(mark + body if mark else b"")
        may_go_on.set()


async def test_upstream_that_cuts_its_answer_is_no_whole_one(door: DoorFactory) -> None:
    """A compressed answer whose upstream breaks off ends without the last chunk and without the end of the gzip."""
    script = [read_request(), send(HEAD + TEXT[:50_000]), reset()]
    async with ScriptedUpstream(script) as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
        received = await client.read_to_end()
        assert not received.endswith(b"0\r\n\r\n")


async def test_compressed_request_reaches_the_service_plain(door: DoorFactory) -> None:
    """What the client compressed is what the service reads; a bomb is 413, garbage 400, another coding 415."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened:

        async def post(body: bytes, coding: str = "gzip") -> RawResponse:
            head = f"POST /echo HTTP/1.1\nContent-Encoding: {coding}\nContent-Length: {len(body)}"
            return await ask(opened, head.encode(), body)

        got = await post(gzip.compress(b'{"a": 1}'))
        seen = json.loads(got.body)
        assert (200, '{"a": 1}') == (got.status, seen["body"])
        assert "content-encoding" not in {name.lower() for name, _ in seen["headers"]}
        assert 413 == (await post(gzip.compress(b"\0" * 10_000_000))).status
        assert 400 == (await post(b"not gzip at all")).status
        refused = await post(b"x", "compress")
        assert 415 == refused.status
        assert b"gzip" in refused.get_all(b"accept-encoding")[0]
    # The log tells what came over the wire, not what became of it.
    assert len(gzip.compress(b'{"a": 1}')) == opened.records()[0]["bytes_in"]


async def test_compressed_request_is_checked_as_what_it_becomes(door: DoorFactory, tmp_path: Path) -> None:
    """``validate`` looks at the inflated body, wherever ``decompress`` is listed."""
    schema = tmp_path / "order.json"
    schema.write_text('{"type": "object", "required": ["id"]}')
    config = {
        "services": {"echo": {"builtin": "echo"}},
        "routes": [
            {
                "match": {"path": "/orders", "methods": ["POST"]},
                "service": "echo",
                "validate": {"schema": str(schema)},
                "middleware": [{"use": "headers", "request": {"set": {"X-A": "1"}}}, {"use": "decompress"}],
            }
        ],
    }
    async with door(config) as opened:
        for content, status in ((b'{"id": 7}', 200), (b'{"no": 7}', 400)):
            body = gzip.compress(content)
            lines = ["POST /orders HTTP/1.1", "Content-Type: application/json", "Content-Encoding: gzip"]
            head = "\n".join([*lines, f"Content-Length: {len(body)}"])
            assert status == (await ask(opened, head.encode(), body)).status


@pytest.mark.system
@pytest.mark.parametrize("encodings", [["gzip"], ["br", "gzip"], ["zstd", "gzip"]])
async def test_curl_compressed_gets_the_page(encodings: list[str], door: DoorFactory) -> None:
    """``curl --compressed`` asks for what it can read and prints the page as it was."""
    async with (
        ScriptedUpstream([answer(HEAD + TEXT)]) as upstream,
        door(parts(upstream, encodings=encodings)) as opened,
    ):
        command = [program("curl"), "-sS", "--compressed", "--noproxy", "*", "-m", "10", opened.url("/")]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert hashlib.sha256(TEXT).digest() == hashlib.sha256(output).digest()
