"""Persistence and pipelining: HTTP/1.0, Connection, order of answers, good and bad requests mixed (RFC 9112 9)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import RigFactory, check_sane, get, post, wire
from vizgate.testing.steps import OK, answer, forever, read_request, send
from vizgate.testing.upstream_connection import End, UpstreamConnection


def numbered() -> object:
    """Answer every request with its own target."""

    async def step(connection: UpstreamConnection) -> None:
        await read_request()(connection)
        target = connection.requests[connection.requests_taken - 1].target.decode()
        await connection.send(wire("HTTP/1.1 200 OK", f"Content-Length: {len(target)}", body=target))

    return forever(step)


OLD = wire("GET /x HTTP/1.0", "Host: a.example")


async def test_http_1_0_connection_is_closed(rig: RigFactory) -> None:
    """RFC 9112 9.3: without keep-alive an HTTP/1.0 connection ends with the response."""
    async with rig() as running:
        seen = await running.play(OLD, probe=False)
        check_sane(seen)
        assert ([200], End.FIN) == (seen.statuses, seen.end)


async def test_http_1_0_without_host_is_served_or_refused(rig: RigFactory) -> None:
    """HTTP/1.0 has no Host; what is forwarded has exactly one."""
    async with rig() as running:
        seen = await running.play(wire("GET /x HTTP/1.0"), probe=False)
        assert seen.statuses in ([200], [400]), seen
        assert all(1 == len(request.get_all(b"host")) for request in seen.requests), seen


async def test_http_1_0_keep_alive_is_honoured_or_refused_clearly(rig: RigFactory) -> None:
    """A kept connection says so and frames its body; else it is closed."""
    async with rig() as running, running.client() as client:
        await client.send(wire("GET /x HTTP/1.0", "Host: a.example", "Connection: keep-alive"))
        first = await client.read_response()
        assert 200 == first.status
        if b"keep-alive" in (first.get(b"connection") or b"").lower():
            assert first.get(b"content-length") is not None
            await client.send(OLD)
            assert 200 == (await client.read_response()).status
        await client.read_to_end()


async def test_http_1_0_keep_alive_with_chunked_upstream_ends_the_body(rig: RigFactory) -> None:
    """A body of unknown length for an HTTP/1.0 client ends with the connection, keep-alive or not."""
    async with rig(
        [answer(wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n"))]
    ) as running:
        async with running.client() as client:
            await client.send(wire("GET /x HTTP/1.0", "Host: a.example", "Connection: keep-alive"))
            response = await client.read_response()
        assert b"hello" == response.body
        assert not response.get_all(b"transfer-encoding")


async def test_http_1_0_request_is_forwarded_as_http_1_1(rig: RigFactory) -> None:
    """The version belongs to the hop (RFC 9110 2.5)."""
    async with rig() as running:
        await running.ask(OLD)
        assert running.upstream.requests[0].version in (b"HTTP/1.1", b"HTTP/1.0")
        assert not running.upstream.requests[0].problems


@pytest.mark.parametrize("value", ["close", "Close", "CLOSE", "keep-alive, close", "close, x-a", "x-a,close"])
async def test_connection_close_of_client_ends_behind_the_response(rig: RigFactory, value: str) -> None:
    """A client that asks for close gets it, and what it sent behind is not served."""
    async with rig() as running:
        seen = await running.play(get(f"Connection: {value}") + get(target="/late"), count=2, probe=False)
        check_sane(seen)
        assert ([200], [b"/x"]) == (seen.statuses, [request.target for request in seen.requests])
        assert seen.responses[0].says_close


@pytest.mark.parametrize("value", ["closed", "closex", "not-close", "keep-alive", ""])
async def test_connection_without_close_stays(rig: RigFactory, value: str) -> None:
    """Only the token close closes."""
    async with rig() as running:
        seen = await running.play(get(f"Connection: {value}"))
        assert [200, 200] == seen.statuses


async def test_client_connection_serves_many_requests(rig: RigFactory) -> None:
    """Persistent connections are the default of HTTP/1.1, on both sides."""
    async with rig([numbered()]) as running:
        async with running.client() as client:
            for number in range(50):
                await client.send(get(target=f"/{number}"))
                assert f"/{number}".encode() == (await client.read_response()).body
        assert len(running.upstream.connections) <= 50


async def test_upstream_connection_is_reused(rig: RigFactory, is_peer: bool) -> None:
    """A connection whose response came whole serves the next request."""
    if is_peer:
        pytest.skip("pooling is each proxy's own")
    async with rig() as running:
        for _ in range(5):
            assert 200 == (await running.ask(get())).status
        assert 1 == len(running.upstream.connections)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("close", wire("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 2", body="ok")),
        ("http-1.0", wire("HTTP/1.0 200 OK", "Content-Length: 2", body="ok")),
        ("close-among-others", wire("HTTP/1.1 200 OK", "Connection: x-a, Close", "Content-Length: 2", body="ok")),
    ],
)
async def test_upstream_connection_that_says_close_is_not_reused(rig: RigFactory, name: str, raw: bytes) -> None:
    """An upstream that announces its close gets no further request there, whether or not it closes at once."""
    async with rig([forever(read_request(), send(raw))]) as running:
        for _ in range(3):
            assert 200 == (await running.ask(get())).status
        assert all(1 == len(connection.requests) for connection in running.upstream.connections)


async def test_pipelined_requests_are_answered_in_order(rig: RigFactory) -> None:
    """RFC 9112 9.3.2: responses come in the order of the requests."""
    targets = [f"/{number}" for number in range(20)]
    async with rig([numbered()]) as running:
        async with running.client() as client:
            await client.send(b"".join(get(target=target) for target in targets))
            bodies = [(await client.read_response()).body.decode() for _ in targets]
        assert targets == bodies


async def test_pipelined_requests_with_bodies_keep_their_bounds(rig: RigFactory) -> None:
    """Length-framed, chunked and bodyless requests in one packet are told apart to the byte."""
    raw = (
        post("Content-Length: 5", target="/1", body="hello")
        + post("Transfer-Encoding: chunked", target="/2", body="5\r\nworld\r\n0\r\n\r\n")
        + get(target="/3")
        + post("Content-Length: 0", target="/4")
        + post(target="/5")
        + get("Connection: close", target="/6")
    )
    async with rig([numbered()]) as running:
        seen = await running.play(raw, count=6, probe=False)
        check_sane(seen)
        assert [b"/1", b"/2", b"/3", b"/4", b"/5", b"/6"] == [response.body for response in seen.responses]
        bodies = {request.target: request.body for request in running.upstream.requests}
        assert {b"/1": b"hello", b"/2": b"world", b"/3": b"", b"/4": b"", b"/5": b"", b"/6": b""} == bodies


async def test_pipelined_head_requests_have_no_bodies(rig: RigFactory) -> None:
    """A HEAD between two GETs shifts nothing."""
    head = wire("HEAD /x HTTP/1.1", "Host: a.example")
    async with rig() as running:
        async with running.client() as client:
            await client.send(get() + head + get())
            bodies = [(await client.read_response(method)).body for method in ("GET", "HEAD", "GET")]
        assert [b"ok", b"", b"ok"] == bodies


BAD = [
    ("space-before-colon", get("X-A : b")),
    ("two-hosts", get("Host: b.example")),
    ("no-host", wire("GET /x HTTP/1.1")),
    ("cl-te", post("Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n")),
    ("bad-length", post("Content-Length: x", body="hello")),
    ("garbage", b"\x00\x01\x02 garbage\r\n\r\n"),
    ("bad-version", wire("GET /x HTTP/7.7", "Host: a.example")),
]


@pytest.mark.parametrize("bad", [row[1] for row in BAD], ids=[row[0] for row in BAD])
async def test_pipelined_bad_request_ends_the_connection_behind_the_good_ones(rig: RigFactory, bad: bytes) -> None:
    """Good requests before a bad one are answered first, nothing behind it is."""
    async with rig([numbered()]) as running:
        raw = get(target="/1") + get(target="/2") + bad + get(target="/late")
        seen = await running.play(raw, count=3, probe=False)
        check_sane(seen)
        assert [200, 200] == seen.statuses[:2], seen
        assert all(status in (400, 501, 505) for status in seen.statuses[2:]), seen
        assert seen.end is not End.OPEN
        assert {b"/1", b"/2"} == {request.target for request in seen.requests}


@pytest.mark.parametrize("bad", [row[1] for row in BAD], ids=[row[0] for row in BAD])
async def test_bad_request_first_lets_nothing_behind_it_through(rig: RigFactory, bad: bytes) -> None:
    """After a head that cannot be understood nobody knows where the next one begins."""
    async with rig() as running:
        seen = await running.play(bad + get(target="/late") * 3, probe=False)
        assert not running.upstream.received, seen
        assert len(seen.responses) <= 1, seen


async def test_pipelined_mix_of_local_and_forwarded_keeps_the_order(rig: RigFactory) -> None:
    """An answer that is ready at once waits for the one before it."""
    async with rig([numbered()]) as running:
        raw = get(target="/1") + get(target="/local") + get(target="/2") + get(target="/admin") + get(target="/3")
        seen = await running.play(raw, count=5)
        assert [200, 200, 200, 403, 200, 200] == seen.statuses, seen
        assert [b"/1", b"/2", b"/3"] == [seen.responses[i].body for i in (0, 2, 4)]


async def test_many_pipelined_requests_do_not_exhaust_the_proxy(rig: RigFactory) -> None:
    """A client that sends a thousand requests and reads slowly gets a thousand answers."""
    async with rig() as running, running.client() as client:
        await client.send(get() * 1000)
        for _ in range(1000):
            assert b"ok" == (await client.read_response()).body


async def test_client_fin_behind_pipelined_requests_still_gets_answers(rig: RigFactory, is_peer: bool) -> None:
    """A half-closed client is answered, or treated as gone; never half an answer."""
    async with rig([forever(read_request(), send(OK))]) as running:
        async with running.client() as client:
            await client.send(get() + get())
            client.send_eof()
            data = await client.read_to_end()
        assert data.count(b"HTTP/1.1 200") in (0, 1, 2)
        assert data == b"" or data.endswith(b"ok")


@pytest.mark.parametrize("target", ["/x", "/local"])
async def test_answer_is_not_lost_behind_what_nobody_reads(rig: RigFactory, target: str) -> None:
    """RFC 9112 9.6: closing with unread bytes makes the kernel reset the connection and take the answer with it, so a
    client that goes on sending behind `Connection: close` is read for a while; it sees a FIN.
    """
    async with rig() as running, running.client() as client:
        await client.send(get("Connection: close", target=target) + b"x" * 100_000)
        for _ in range(20):
            await client.send(b"x" * 50_000)
        assert 200 == (await client.read_response()).status
        client.send_eof()
        assert b"" == await client.read_to_end()
        assert End.FIN is client.end


async def test_answer_to_a_refused_upgrade_is_not_lost_behind_early_bytes(rig: RigFactory) -> None:
    """As above, for bytes sent in hope of an upgrade."""
    async with rig() as running, running.client() as client:
        await client.send(get("Connection: Upgrade", "Upgrade: websocket") + b"x" * 1_000_000)
        response = await client.read_response()
        assert (200, True) == (response.status, response.says_close)
        client.send_eof()
        assert b"" == await client.read_to_end()
        assert End.FIN is client.end
