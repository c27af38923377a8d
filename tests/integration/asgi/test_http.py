"""Plain HTTP through the gateway under uvicorn."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.integration.doors import DoorFactory, settled
from vizgate.testing.raw_client import ConnectionEnded
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, close, read_head, read_request, send, stall, stop_reading, wait
from vizgate.testing.upstream_connection import End

MIB = 1024 * 1024
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"


def parts(upstream: ScriptedUpstream, **server: Any) -> dict[str, Any]:
    return {
        "server": server,
        "services": {"origin": {"targets": [upstream.url]}, "echo": {"builtin": "echo"}},
        "routes": [
            {"name": "origin", "match": {"path": "/*"}, "service": "origin"},
            {"name": "echo", "match": {"path": "/echo"}, "service": "echo"},
            {"name": "small", "match": {"path": "/small"}, "service": "origin", "body_limit": "1KiB"},
            {"name": "admin", "match": {"path": "/admin"}, "respond": {"status": 403, "text": "no"}},
        ],
    }


async def test_request_goes_to_the_upstream_as_over_a_socket(asgi_door: DoorFactory) -> None:
    """The upstream is told where the request came from, hop-by-hop fields stay here, and the target is untouched."""
    async with ScriptedUpstream() as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(
                b"GET /a%20b/%C3%BC%2F;x?q=%2F&r HTTP/1.1\r\nHost: a.example\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                b"X-Forwarded-For: 9.9.9.9\r\nX_Twin: 1\r\nX-Kept: 1\r\n\r\n"
            )
            response = await client.read_response()
        request = upstream.requests[0]
        assert b"/a%20b/%C3%BC%2F;x?q=%2F&r" == request.target
        assert [b"a.example"] == request.get_all(b"host")
        assert [b"1"] == request.get_all(b"x-kept")
        assert [] == request.get_all(b"x-hop") + request.get_all(b"x_twin")
        assert [b"a.example"] == request.get_all(b"x-forwarded-host")
        assert [b"127.0.0.1"] == request.get_all(b"x-forwarded-for")
        assert [b"http"] == request.get_all(b"x-forwarded-proto")
        assert [b"1.1 vizgate"] == request.get_all(b"via")
        assert request.get_all(b"x-request-id") == response.get_all(b"x-request-id") != []


async def test_response_has_one_date_and_one_server(asgi_door: DoorFactory) -> None:
    """Fields that the ASGI server writes stand in the response once, although the upstream sent them, too."""
    reply = b"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: up\r\nContent-Length: 2\r\n\r\nok"
    async with ScriptedUpstream([answer(reply)]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            response = await client.read_response()
        assert 1 == len(response.get_all(b"date"))
        assert 1 == len(response.get_all(b"server"))


async def test_set_cookie_lines_stay_apart(asgi_door: DoorFactory) -> None:
    """Lines of one name are neither merged nor reordered."""
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedUpstream([answer(reply)]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            response = await client.read_response()
        assert [b"a=1", b"b=2"] == response.get_all(b"set-cookie")


async def test_head_has_the_length_and_no_body(asgi_door: DoorFactory) -> None:
    """HEAD is forwarded as HEAD; the upstream's Content-Length arrives, and no body does."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n" + b"x" * 42
    async with ScriptedUpstream([answer(reply)]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            head = await client.read_response("HEAD")
            get = await client.read_response()
        assert [b"42"] == head.get_all(b"content-length")
        assert b"x" * 42 == get.body


async def test_http_1_0_client_is_served(asgi_door: DoorFactory) -> None:
    """A client of HTTP/1.0 without Host gets its answer; the upstream is asked by HTTP/1.1."""
    async with ScriptedUpstream() as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"GET /old HTTP/1.0\r\n\r\n")
            data = await client.read_to_end()
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert data.endswith(b"ok")
        assert [b"1.0 vizgate"] == upstream.requests[0].get_all(b"via")
        assert 1 == len(upstream.requests[0].get_all(b"host"))


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: u@a.example\r\n\r\n", 400),
        (b"GET /x/..%2fadmin HTTP/1.1\r\nHost: a.example\r\n\r\n", 400),
        (b"GET /../../x HTTP/1.1\r\nHost: a.example\r\n\r\n", 400),
        (b"GET //admin HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
        (b"GET /%61dmin HTTP/1.1\r\nHost: a.example\r\n\r\n", 403),
        (b"TRACE / HTTP/1.1\r\nHost: a.example\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a.example\r\nExpect: magic\r\nContent-Length: 1\r\n\r\nx", 417),
        (b"GET / HTTP/1.1\r\nHost: a.example\r\nX-A: " + b"a" * 5000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a.example\r\n\r\n", 414),
    ],
)
async def test_what_may_not_be_forwarded_is_answered_here(
    request_head: bytes, status: int, asgi_door: DoorFactory
) -> None:
    """What an ASGI server lets through and a gateway must not gets its status, and the upstream sees no byte of it."""
    async with ScriptedUpstream() as upstream, asgi_door(parts(upstream, limits={"head": "4KiB"})) as door:
        async with door.client() as client:
            await client.send(request_head)
            response = await client.read_response()
        assert status == response.status
        assert [] == upstream.received
    assert [status] == [record["status"] for record in door.records()]


async def test_upload_streams(asgi_door: DoorFactory) -> None:
    """The upstream has the first part of a body before the client has sent the second, and no chunk is lost."""
    async with ScriptedUpstream() as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(
                b"POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
            )
            await upstream.wait_for(lambda: bool(upstream.received) and b"first" in upstream.received[0])
            await client.send(b"6\r\nsecond\r\n0\r\n\r\n")
            response = await client.read_response()
        assert 200 == response.status
        assert b"firstsecond" == upstream.complete_requests[0].body
    assert [(200, 11, 2)] == [(r["status"], r["bytes_in"], r["bytes_out"]) for r in door.records()]


async def test_stalled_upstream_holds_the_client_back(asgi_door: DoorFactory) -> None:
    """What an upstream does not read is left with the client: the gateway keeps a bounded part of an upload."""
    go_on = asyncio.Event()
    script = [stop_reading(), wait(go_on)]
    async with (
        ScriptedUpstream(script, receive_buffer=16384) as upstream,
        asgi_door(parts(upstream, limits={"body": 0})) as door,
        door.client() as client,
    ):
        sent = 0

        async def upload() -> None:
            nonlocal sent
            await client.send(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
            while sent < 64 * MIB:
                await client.send(b"x" * 65536)
                sent += 65536

        uploading = asyncio.create_task(upload())
        held = await settled(lambda: sent)
        assert held < 16 * MIB
        uploading.cancel()
        go_on.set()


async def test_stalled_client_holds_the_upstream_back(asgi_door: DoorFactory) -> None:
    """What a client does not read is left with the upstream, and arrives whole once the client reads."""
    body = bytes(range(256)) * 4096 * 32
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with (
        ScriptedUpstream([read_request(), send(head + body), stall()], send_buffer=16384) as upstream,
        asgi_door(parts(upstream)) as door,
        door.client(receive_buffer=16384) as client,
    ):
        await client.send(b"GET /down HTTP/1.1\r\nHost: a.example\r\n\r\n")
        await upstream.wait_for(lambda: bool(upstream.connections) and upstream.connections[0].sent > 0)
        held = await settled(lambda: upstream.connections[0].sent)
        assert held < 16 * MIB
        received = bytearray(await client.read_until(b"\r\n\r\n"))
        received.clear()
        received += client.buffer
        while len(received) < len(body):
            received += await client.receive()
        assert body == received


@pytest.mark.parametrize("script", [[read_request(), stall()], [read_request(), send(CHUNKED_HEAD), stall()]])
async def test_client_that_leaves_ends_the_attempt(script: list[Any], asgi_door: DoorFactory) -> None:
    """The upstream's connection is broken off when nobody waits for its answer any more, and the log says so."""
    async with ScriptedUpstream(script) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
            await upstream.wait_for(lambda: bool(upstream.complete_requests))
            if len(script) > 2:
                await client.read_until(b"\r\n\r\n")
            client.reset()
        await upstream.wait_quiet()
        assert End.RST is upstream.connections[0].end
    expected = 200 if len(script) > 2 else 499
    assert [(expected, "client_abort")] == [(r["status"], r["termination"]) for r in door.records()]


async def test_client_that_leaves_in_its_upload_ends_the_attempt(asgi_door: DoorFactory) -> None:
    """Half a body never becomes a whole request, and the upstream is let go."""
    async with ScriptedUpstream([read_head(), stall()]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhalf")
            await upstream.wait_for(lambda: bool(upstream.received) and b"half" in upstream.received[0])
            client.reset()
        await upstream.wait_quiet()
        assert [] == upstream.complete_requests
    assert [(499, "client_abort")] == [(r["status"], r["termination"]) for r in door.records()]


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        CHUNKED_HEAD + b"4\r\nhalf\r\n",
    ],
)
async def test_cut_answer_never_looks_whole(cut: bytes, asgi_door: DoorFactory) -> None:
    """A body that the upstream cut short ends with the client's connection, not with its last byte or chunk."""
    async with (
        ScriptedUpstream([read_request(), send(cut), close()]) as upstream,
        asgi_door(parts(upstream)) as door,
        door.client() as client,
    ):
        await client.send(b"GET /cut HTTP/1.1\r\nHost: a.example\r\n\r\n")
        with pytest.raises(ConnectionEnded):
            await client.read_response()
    assert [(200, "upstream_reset")] == [(r["status"], r["termination"]) for r in door.records()]


async def test_body_over_its_limit_is_refused_half_way(asgi_door: DoorFactory) -> None:
    """The limit of a route holds for a body that does not say its length; the upstream sees no whole request."""
    async with ScriptedUpstream([read_head(), stall()]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(
                b"POST /small HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"400\r\n" + b"x" * 1024 + b"\r\n1\r\nx\r\n0\r\n\r\n"
            )  # fmt: skip
            response = await client.read_response()
        assert 413 == response.status
        assert [] == upstream.complete_requests


async def test_upload_that_stalls_is_timed_out(asgi_door: DoorFactory) -> None:
    """``limits.body_idle`` holds under an ASGI server, too."""
    async with (
        ScriptedUpstream([read_head(), stall()]) as upstream,
        asgi_door(parts(upstream, limits={"body_idle": "50ms"})) as door,
        door.client() as client,
    ):
        await client.send(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhalf")
        assert 408 == (await client.read_response()).status
    assert [(408, "client_timeout")] == [(r["status"], r["termination"]) for r in door.records()]


async def test_expectation_reaches_the_upstream(asgi_door: DoorFactory) -> None:
    """The client of an upstream that refuses at once never has to send its body."""
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedUpstream([read_head(), send(refusal), stall()]) as upstream, asgi_door(parts(upstream)) as door:
        async with door.client() as client:
            await client.send(
                b"PUT /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            )
            response = await client.read_response()
        assert (403, ()) == (response.status, response.interim)
        assert [b"100-continue"] == upstream.requests[0].get_all(b"expect")


async def test_dead_upstream_is_502_with_the_request_id(asgi_door: DoorFactory) -> None:
    """A local answer is problem+json and has the request's id, in the field and in the document."""
    async with ScriptedUpstream() as gone:
        pass
    async with asgi_door(parts(gone)) as door, door.client() as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        response = await client.read_response()
    assert 502 == response.status
    assert json.loads(response.body)["request_id"].encode() == response.get(b"x-request-id")
    assert [(502, "connect_failure")] == [(r["status"], r["termination"]) for r in door.records()]


async def test_health_is_served_where_the_configuration_says_so(asgi_door: DoorFactory) -> None:
    """``server.public_endpoints`` works without listeners; a started gateway is ready."""
    async with (
        ScriptedUpstream() as upstream,
        asgi_door(parts(upstream, public_endpoints=["health", "metrics"])) as door,
        door.client() as client,
    ):
        await client.send(b"GET /readiness HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert 200 == (await client.read_response()).status
        await client.send(b"GET /metrics HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert b"vizgate_requests_active" in (await client.read_response()).body
