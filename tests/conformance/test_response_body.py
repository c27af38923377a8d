"""Bodies from the upstream: relayed exactly, never ended cleanly when cut; stray bytes never served (RFC 9112 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.conformance.harness import PROBE, Rig, RigFactory, check_sane, get, wire
from vizgate.testing.raw_client import ConnectionEnded, MalformedResponse
from vizgate.testing.steps import Step, answer, close, forever, half_close, read_request, reset, send, stall, wait
from vizgate.testing.upstream_connection import End, UpstreamConnection

CHUNKED = "Transfer-Encoding: chunked"
EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil"


def chunked(body: str, *lines: str) -> bytes:
    """A 200 whose chunked coding is *body*."""
    return wire("HTTP/1.1 200 OK", *lines, CHUNKED, body=body)


def length(count: int, body: str) -> bytes:
    """A 200 that announces *count* bytes and brings *body*."""
    return wire("HTTP/1.1 200 OK", f"Content-Length: {count}", body=body)


CUT = [
    ("length-no-body", length(10, "")),
    ("length-short", length(10, "hello")),
    ("length-short-by-one", length(6, "hello")),
    ("length-large-short", length(1_000_000, "x" * 500_000)),
    ("chunked-no-body", chunked("")),
    ("chunked-in-size", chunked("5")),
    ("chunked-behind-size-cr", chunked("5\r")),
    ("chunked-behind-size", chunked("5\r\n")),
    ("chunked-in-data", chunked("5\r\nhel")),
    ("chunked-behind-data", chunked("5\r\nhello")),
    ("chunked-behind-data-cr", chunked("5\r\nhello\r")),
    ("chunked-between-chunks", chunked("5\r\nhello\r\n")),
    ("chunked-in-second", chunked("5\r\nhello\r\n5\r\nwor")),
    ("chunked-in-last-size", chunked("5\r\nhello\r\n0")),
    ("chunked-behind-last-size", chunked("5\r\nhello\r\n0\r\n")),
    ("chunked-behind-last-cr", chunked("5\r\nhello\r\n0\r\n\r")),
    ("chunked-in-trailer", chunked("5\r\nhello\r\n0\r\nX-A: b\r\n")),
    ("chunked-large", chunked("80000\r\n" + "x" * 300_000)),
]

BROKEN = [
    ("size-text", "five\r\nhello\r\n"),
    ("size-empty", "\r\nhello\r\n"),
    ("size-plus", "+5\r\nhello\r\n"),
    ("size-minus", "-5\r\nhello\r\n"),
    ("size-hex-prefix", "0x5\r\nhello\r\n"),
    ("size-space-before", " 5\r\nhello\r\n"),
    ("size-underscore", "0_5\r\nhello\r\n"),
    ("size-nul", "5\x00\r\nhello\r\n"),
    ("size-2^64+5", "10000000000000005\r\nhello\r\n"),
    ("size-100-digits", "f" * 100 + "\r\nhello\r\n"),
    ("size-never-ends", "0" * 100_000),
    ("data-no-end", "5\r\nhelloXX"),
    ("data-long", "4\r\nhello\r\n"),
    ("data-short", "7\r\nhello\r\n0\r\n\r\n"),
    ("data-lf", "5\r\nhello\n"),
    ("size-lf", "5\nhello\r\n"),
    ("size-cr", "5\rhello\r\n"),
    ("extension-lf", "5;a\nhello\r\n"),
    ("extension-cr", "5;a\rb\r\nhello\r\n"),
    ("extension-nul", "5;a\x00\r\nhello\r\n"),
    ("extension-huge", "5;" + "a" * 200_000 + "\r\nhello\r\n"),
    ("second-chunk", "5\r\nhello\r\nx\r\n"),
    ("trailer-no-colon", "5\r\nhello\r\n0\r\nX-A\r\n\r\n"),
    ("trailer-nul", "5\r\nhello\r\n0\r\nX-A: \x00\r\n\r\n"),
    ("trailer-cr", "5\r\nhello\r\n0\r\nX-A: a\rb\r\n\r\n"),
    ("trailer-huge", "5\r\nhello\r\n0\r\nX-A: " + "b" * 200_000 + "\r\n\r\n"),
    ("trailers-endless", "5\r\nhello\r\n0\r\n" + "X-A: b\r\n" * 20_000),
]
# Gone with the trailers when a proxy drops them; what is left is a whole body.
_DROPPABLE = ("trailer-no-colon", "trailer-nul", "trailer-cr", "trailer-huge", "data-lf", "size-lf", "extension-nul")


async def expect_abort(running: Rig, request: bytes, *, may_drop: bool = False) -> None:
    """The client is told 502, or its connection ends inside the response: never a response that looks whole."""
    async with running.client() as client:
        await client.send(request)
        try:
            response = await client.read_response()
        except ConnectionEnded as error:
            end, data = error.end, error.data
        else:
            end, data = End.FIN, b""
            assert response.status == 502 or (may_drop and response.body == b"hello"), response
    assert end is not End.OPEN, f"left hanging behind {data[:200]!r}"
    assert b"\r\n0\r\n\r\n" not in data


@pytest.mark.parametrize("raw", [row[1] for row in CUT], ids=[row[0] for row in CUT])
@pytest.mark.parametrize("ending", [close, reset])
async def test_cut_response_body_never_ends_cleanly(rig: RigFactory, raw: bytes, ending: Callable[[], Step]) -> None:
    """RFC 9112 8: an incomplete message must not be taken for a complete one, on neither version of HTTP."""
    script = [read_request(), send(raw), ending()]
    async with rig(script) as running:
        await expect_abort(running, get())


@pytest.mark.parametrize(
    "raw", [row[1] for row in CUT if "chunked" in row[0]], ids=[r[0] for r in CUT if "chunked" in r[0]]
)
async def test_cut_chunked_body_resets_http_1_0_client(rig: RigFactory, raw: bytes, is_peer: bool) -> None:
    """An HTTP/1.0 client knows the end of such a body by FIN alone, so it must see RST (or a 502)."""
    if is_peer:
        pytest.skip("stricter than some peers")
    async with rig([read_request(), send(raw), close()]) as running, running.client() as client:
        await client.send(wire("GET /x HTTP/1.0", "Host: a.example"))
        data = await client.read_to_end()
        assert client.end is End.RST or b" 502 " in data[:16] or b"Content-Length" in data, data[:200]


@pytest.mark.parametrize(("name", "body"), BROKEN, ids=[row[0] for row in BROKEN])
async def test_broken_chunked_response_never_ends_cleanly(rig: RigFactory, name: str, body: str, is_peer: bool) -> None:
    """A fault in the coding is a cut: 502, or an abort, and the upstream's connection is closed."""
    async with rig([read_request(), send(chunked(body + "0\r\n\r\n")), stall()]) as running:
        await expect_abort(running, get(), may_drop=is_peer and name in _DROPPABLE)
        if not is_peer:
            await running.upstream.wait_quiet(1.0)


async def test_reset_behind_whole_response_spoils_nothing(rig: RigFactory) -> None:
    """A response that came whole is whole, whatever its sender does next."""
    async with rig([read_request(), send(length(5, "hello")), reset()]) as running:
        assert b"hello" == (await running.ask(get())).body


UNTIL_CLOSE = [
    ("1.1", wire("HTTP/1.1 200 OK", body="hello")),
    ("1.1-close", wire("HTTP/1.1 200 OK", "Connection: close", body="hello")),
    ("1.0", wire("HTTP/1.0 200 OK", body="hello")),
    ("1.0-keep-alive-without-length", wire("HTTP/1.0 200 OK", "Connection: keep-alive", body="hello")),
]


@pytest.mark.parametrize("raw", [row[1] for row in UNTIL_CLOSE], ids=[row[0] for row in UNTIL_CLOSE])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
async def test_close_delimited_response_is_relayed_whole(rig: RigFactory, raw: bytes, version: str) -> None:
    """A body that ends with the connection arrives whole, framed in a way the client's version understands."""
    async with rig([read_request(), send(raw), close()]) as running:
        response = await running.ask(wire(f"GET /x {version}", "Host: a.example"))
        assert (200, b"hello") == (response.status, response.body)
        assert version == "HTTP/1.1" or not response.get_all(b"transfer-encoding")


async def test_close_delimited_response_ended_by_reset_is_an_abort(rig: RigFactory) -> None:
    """RST is no end of a body: the chunked client gets no last chunk."""
    async with rig([read_request(), send(wire("HTTP/1.1 200 OK", body="hello")), reset()]) as running:
        await expect_abort(running, get())


async def test_chunked_response_for_http_1_0_client_is_unchunked(rig: RigFactory) -> None:
    """RFC 9112 6.1: no Transfer-Encoding "unless the corresponding request indicates HTTP/1.1"."""
    async with rig([answer(chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))]) as running:
        async with running.client() as client:
            await client.send(wire("GET /x HTTP/1.0", "Host: a.example"))
            data = await client.read_to_end()
        head, _, body = data.partition(b"\r\n\r\n")
        assert b"hello" == body
        assert b"transfer-encoding" not in head.lower()


BODYLESS = [
    ("head-length", "HEAD", wire("HTTP/1.1 200 OK", "Content-Length: 5"), 200),
    ("head-chunked", "HEAD", chunked(""), 200),
    ("head-nothing", "HEAD", wire("HTTP/1.1 200 OK", "X-A: b"), 200),
    ("head-404", "HEAD", wire("HTTP/1.1 404 Not Found", "Content-Length: 5"), 404),
    ("204", "GET", wire("HTTP/1.1 204 No Content"), 204),
    ("204-length-zero", "GET", wire("HTTP/1.1 204 No Content", "Content-Length: 0"), 204),
    ("204-length", "GET", wire("HTTP/1.1 204 No Content", "Content-Length: 5"), 204),
    ("head-204-length", "HEAD", wire("HTTP/1.1 204 No Content", "Content-Length: 5"), 204),
    ("head-304-length", "HEAD", wire("HTTP/1.1 304 Not Modified", "Content-Length: 5"), 304),
    (
        "head-103-length",
        "HEAD",
        wire(
            "HTTP/1.1 103 Early Hints", "Content-Length: 5", body=wire("HTTP/1.1 200 OK", "Content-Length: 5").decode()
        ),
        200,
    ),
    ("204-chunked", "GET", wire("HTTP/1.1 204 No Content", CHUNKED), 204),
    ("304", "GET", wire("HTTP/1.1 304 Not Modified", "ETag: x"), 304),
    ("304-length", "GET", wire("HTTP/1.1 304 Not Modified", "ETag: x", "Content-Length: 5"), 304),
    ("304-chunked", "GET", wire("HTTP/1.1 304 Not Modified", CHUNKED), 304),
    ("post-204", "POST", wire("HTTP/1.1 204 No Content"), 204),
]


@pytest.mark.parametrize(("method", "raw", "status"), [row[1:] for row in BODYLESS], ids=[row[0] for row in BODYLESS])
async def test_response_without_body_ends_with_its_head(rig: RigFactory, method: str, raw: bytes, status: int) -> None:
    """RFC 9112 6.3: HEAD, 204 and 304 have no body whatever their fields say; both connections stay in step."""
    async with rig([read_request(), send(raw), forever(read_request(), send(length(2, "ok")))]) as running:
        seen = await running.play(wire(f"{method} /x HTTP/1.1", "Host: a.example", "Content-Length: 0"))
        check_sane(seen)
        assert status == seen.statuses[0] or seen.statuses[0] == 502, seen
        assert [200] == seen.statuses[1:], seen
        assert b"" == seen.responses[0].body or seen.statuses[0] == 502


async def test_head_response_keeps_content_length(rig: RigFactory) -> None:
    """RFC 9110 9.3.2: HEAD tells the length that GET would have."""
    async with rig([answer(length(5, "hello"))]) as running:
        assert b"5" == (await running.ask(wire("HEAD /x HTTP/1.1", "Host: a.example"))).get(b"content-length")


# Bytes that no request asked for. Served to the next request, they would answer for another resource or another user.
STRAY = [
    ("response-behind-length", "GET", length(2, "ok") + EVIL.encode()),
    ("bytes-behind-length", "GET", length(2, "okevil")),
    ("line-end-behind-length", "GET", length(2, "ok\r\n")),
    ("response-behind-chunked", "GET", chunked("2\r\nok\r\n0\r\n\r\n" + EVIL)),
    ("bytes-behind-chunked", "GET", chunked("2\r\nok\r\n0\r\n\r\nevil")),
    ("response-behind-204", "GET", wire("HTTP/1.1 204 No Content", body=EVIL)),
    ("body-behind-204-length", "GET", wire("HTTP/1.1 204 No Content", "Content-Length: 4", body="evil")),
    ("body-behind-204-chunked", "GET", wire("HTTP/1.1 204 No Content", CHUNKED, body="4\r\nevil\r\n0\r\n\r\n")),
    ("response-behind-304", "GET", wire("HTTP/1.1 304 Not Modified", body=EVIL)),
    ("body-behind-304-length", "GET", wire("HTTP/1.1 304 Not Modified", "Content-Length: 4", body="evil")),
    ("body-behind-head", "HEAD", length(4, "evil")),
    ("response-behind-head", "HEAD", wire("HTTP/1.1 200 OK", f"Content-Length: {len(EVIL)}", body=EVIL)),
    ("body-behind-head-chunked", "HEAD", chunked("4\r\nevil\r\n0\r\n\r\n")),
    ("two-responses-behind", "GET", length(2, "ok") + EVIL.encode() * 2),
    ("garbage-behind", "GET", length(2, "ok") + b"\x00\xff evil"),
    ("interim-behind", "GET", length(2, "ok") + wire("HTTP/1.1 103 Early Hints", "X-Evil: evil")),
    ("408-behind", "GET", length(2, "ok") + wire("HTTP/1.1 408 Request Timeout", "X-Evil: evil", "Content-Length: 0")),
]


@pytest.mark.parametrize(("method", "raw"), [row[1:] for row in STRAY], ids=[row[0] for row in STRAY])
async def test_bytes_behind_response_are_never_served(rig: RigFactory, method: str, raw: bytes) -> None:
    """Response-queue poisoning: such a connection is closed, and the next request goes out on a fresh one."""
    poisoned = [read_request(), send(raw), stall()]
    async with rig(poisoned, [answer()]) as running:
        seen = await running.play(wire(f"{method} /x HTTP/1.1", "Host: a.example"))
        check_sane(seen)
        answers = [response.body + b"".join(value for _, value in response.fields) for response in seen.responses]
        assert not any(b"evil" in each for each in answers), seen
        assert all(status in (200, 204, 304, 502) for status in seen.statuses), seen
        await running.upstream.wait_for(lambda: not running.upstream.connections[0].is_open, 1.0)


@pytest.mark.parametrize("later", [EVIL, "evil", "\r\n", "HTTP/1.1 408 Request Timeout\r\nX-Evil: evil\r\n\r\n"])
async def test_bytes_on_idle_connection_are_never_served(rig: RigFactory, later: str, is_peer: bool) -> None:
    """Bytes that come while a pooled connection is idle end it (RFC 9112 9.2)."""
    event = asyncio.Event()
    poisoned = [read_request(), send(length(2, "ok")), wait(event), send(later.encode()), stall()]
    async with rig(poisoned, [answer()]) as running:
        async with running.client() as client:
            await client.send(get())
            assert 200 == (await client.read_response()).status
            event.set()
            await running.upstream.wait_for(lambda: running.upstream.connections[0].sent > len(length(2, "ok")))
            await running.settle()
            await client.send(PROBE)
            response = await client.read_response()
        assert (200, b"ok", None) == (response.status, response.body, response.get(b"x-evil"))
        assert is_peer or 2 == len(running.upstream.connections)


async def test_answer_that_comes_before_its_request_is_never_served(rig: RigFactory) -> None:
    """A response sent on a new connection before any request went out is not an answer to the one that follows."""
    async with rig([send(EVIL.encode()), read_request(), send(length(2, "ok")), stall()], [answer()]) as running:
        seen = await running.play(get())
        check_sane(seen)
        assert seen.statuses[0] in (200, 502)


async def test_trailers_of_response_are_never_merged_into_head(rig: RigFactory) -> None:
    """Trailers stay trailers, those of framing and control are dropped (RFC 9110 6.5.1)."""
    forbidden = (
        "Content-Length: 1\r\nTransfer-Encoding: x\r\nSet-Cookie: evil=1\r\nConnection: close\r\nLocation: /evil\r\n"
    )
    async with rig([answer(chunked(f"2\r\nok\r\n0\r\nX-Check: tail\r\n{forbidden}\r\n", "X-Check: head"))]) as running:
        response = await running.ask(get("TE: trailers"))
        assert b"ok" == response.body
        assert [b"head"] == response.get_all(b"x-check")
        assert {name.lower() for name, _ in response.trailers} <= {b"x-check", b"location"}


async def test_trailers_of_response_are_relayed(rig: RigFactory, is_peer: bool) -> None:
    """Trailers are relayed to clients that said they take them."""
    if is_peer:
        pytest.skip("RFC 9110 6.5.1 lets a proxy drop them")
    async with rig([answer(chunked("2\r\nok\r\n0\r\nX-Check: tail\r\n\r\n", "Trailer: X-Check"))]) as running:
        response = await running.ask(get("TE: trailers"))
        assert ((b"X-Check", b"tail"),) == response.trailers


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
async def test_response_body_of_any_size_arrives_unchanged(rig: RigFactory, size: int, framing: str) -> None:
    """Every byte arrives once, in order."""
    body = bytes(range(251)) * (size // 251 + 1)
    text = body[:size].decode("latin-1")
    if framing == "length":
        script = [answer(length(size, text))]
    elif framing == "chunked":
        pieces = "".join(f"{len(text[i : i + 9999]):x}\r\n{text[i : i + 9999]}\r\n" for i in range(0, size, 9999))
        script = [answer(chunked(pieces + "0\r\n\r\n"))]
    else:
        script = [read_request(), send(wire("HTTP/1.1 200 OK", body=text)), half_close(), stall()]
    async with rig(script) as running:
        response = await running.ask(get())
        assert body[:size] == response.body


async def test_chunk_arrives_before_the_next_is_sent(rig: RigFactory) -> None:
    """Server-sent events: what an upstream has sent does not wait for what it will send."""
    more = asyncio.Event()
    script = [read_request(), send(chunked("5\r\nfirst\r\n")), wait(more), send(b"6\r\nsecond\r\n0\r\n\r\n"), stall()]
    async with rig(script) as running, running.client() as client:
        await client.send(get())
        assert (await client.read_until(b"first")).endswith(b"first")
        more.set()
        assert (await client.read_until(b"second")).endswith(b"second")


@pytest.mark.parametrize("extension", [";a=b", ';a="b"', ";evil"])
async def test_response_chunk_extension_is_dropped(rig: RigFactory, extension: str) -> None:
    """Extensions are hop-by-hop."""
    async with rig([answer(chunked(f"5{extension}\r\nhello\r\n0{extension}\r\n\r\n"))]) as running:
        async with running.client() as client:
            await client.send(get("Connection: close"))
            data = await client.read_to_end()
        assert extension.encode() not in data
        assert b"hello" in data


async def test_malformed_is_what_the_strict_reader_calls_it(rig: RigFactory) -> None:
    """The reader these tests trust refuses a chunk-size line that ends with LF alone."""
    async with rig() as running, running.client() as client:
        client.buffer += chunked("5\nhello\r\n0\r\n\r\n")
        with pytest.raises(MalformedResponse):
            await client.read_response()


@pytest.mark.parametrize("turns", [0, 1])
async def test_bytes_behind_response_are_never_served_to_a_pipelined_request(rig: RigFactory, turns: int) -> None:
    """A request that is here already does not go out before the loop has told what came behind the last response."""

    async def poison(connection: UpstreamConnection) -> None:
        await connection.send(length(2, "ok"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.send(EVIL.encode())

    async with rig([read_request(), poison, stall()], [answer()]) as running:
        seen = await running.play(get() + get(target="/y"), count=2)
        check_sane(seen)
        assert not any(b"evil" in response.body for response in seen.responses), seen
        assert [200, 200] == seen.statuses[:2], seen
