"""Expect: 100-continue in every order of events, and answers that come before the body (RFC 9110 10.1.1)."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.harness import (
    SMUGGLED,
    Case,
    RigFactory,
    cases,
    check_in_step,
    check_sane,
    either,
    forwarded,
    get,
    post,
    rejected,
    wire,
)
from vizgate.testing.steps import OK, answer, close, read_head, read_request, send, stall, stop_reading
from vizgate.testing.upstream_connection import End

CONTINUE = wire("HTTP/1.1 100 Continue")
EXPECTING = post("Content-Length: 5", "Expect: 100-continue")
CHUNKED_EXPECTING = post("Transfer-Encoding: chunked", "Expect: 100-continue")
CHUNKED_HELLO = b"5\r\nhello\r\n0\r\n\r\n"
DENIED = wire("HTTP/1.1 401 Unauthorized", "Content-Length: 2", body="no")

# What a client that sends its body at once may get; the body is framed as ever and never a request (0.CL).
AT_ONCE = [
    ("exact", "Expect: 100-continue"),
    ("other-case", "Expect: 100-Continue"),
    ("upper-case", "EXPECT: 100-CONTINUE"),
    ("spaces", "Expect:   100-continue  "),
]
ODD = [
    ("empty", "Expect:"),
    ("banana", "Expect: banana"),
    ("word-before", "Expect: y 100-continue"),
    ("word-behind", "Expect: 100-continue y"),
    ("list-behind", "Expect: 100-continue, y"),
    ("list-before", "Expect: y, 100-continue"),
    ("twice", "Expect: 100-continue\r\nExpect: 100-continue"),
    ("twice-other", "Expect: 100-continue\r\nExpect: banana"),
    ("parameter", "Expect: 100-continue;q=1"),
    ("value", "Expect: 100-continue=1"),
    ("quoted", 'Expect: "100-continue"'),
    ("101", "Expect: 101-continue"),
    ("200-ok", "Expect: 200-ok"),
    ("spelling", "Expect: 100 continue"),
    ("folded", "Expect:\r\n 100-continue"),
    ("tab", "Expect:\t100-continue"),
    ("high-byte", "Expect: 100-continue\xff"),
]
_ODD = either(rejected(400, 417), forwarded("hello"))

ROWS = [
    *[Case(f"at-once-{n}", post("Content-Length: 5", line, body="hello"), forwarded("hello")) for n, line in AT_ONCE],
    *[Case(f"at-once-chunked-{n}", post("Transfer-Encoding: chunked", line, body=CHUNKED_HELLO.decode()),
           forwarded("hello")) for n, line in AT_ONCE],
    *[Case(f"odd-{n}", post("Content-Length: 5", line, body="hello"), _ODD) for n, line in ODD],
    *[Case(f"odd-smuggled-{n}", get(f"Content-Length: {len(SMUGGLED)}", line, body=SMUGGLED),
           either(rejected(400, 417), forwarded(SMUGGLED))) for n, line in ODD],
    Case("smuggled-on-get", get(f"Content-Length: {len(SMUGGLED)}", "Expect: 100-continue", body=SMUGGLED),
         forwarded(SMUGGLED)),
    Case("no-body-get", get("Expect: 100-continue"), either(rejected(400, 417), forwarded())),
    Case("no-body-post", post("Content-Length: 0", "Expect: 100-continue"), either(rejected(400, 417), forwarded())),
    Case("space-before-colon", post("Content-Length: 5", "Expect : 100-continue", body="hello"), rejected()),
    Case("http-1.0", wire("POST /x HTTP/1.0", "Host: a.example", "Content-Length: 5", "Expect: 100-continue",
                          body="hello"), forwarded("hello")),
]  # fmt: skip


@cases(*ROWS)
async def test_expect_of_request(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """100-continue is understood, anything else is 417, 400 or ignored; the body stays framed in every case."""
    async with rig() as running:
        seen = await running.play(case.request)
        assert all(request.target != b"/smuggled" for request in running.upstream.requests), seen
        case.judge(seen, is_external=is_peer)


@pytest.mark.parametrize(("head", "body"), [(EXPECTING, b"hello"), (CHUNKED_EXPECTING, CHUNKED_HELLO)],
                         ids=["length", "chunked"])  # fmt: skip
async def test_expect_client_that_waits_gets_its_100(rig: RigFactory, head: bytes, body: bytes) -> None:
    """A client that waits is told to go on, by the upstream or by the proxy for it, and the body arrives whole."""
    async with rig([read_head(), send(CONTINUE), read_request(), send(OK), stall()]) as running:
        async with running.client() as client:
            await client.send(head)
            assert (await client.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            await client.send(body)
            response = await client.read_response("POST")
        assert 200 == response.status
        assert [b"hello"] == [request.body for request in running.upstream.complete_requests]


async def test_expect_client_gets_100_once(rig: RigFactory) -> None:
    """One 100 is enough, even when proxy and upstream both could send one."""
    async with rig([read_head(), send(CONTINUE), read_request(), send(OK), stall()]) as running:
        async with running.client() as client:
            await client.send(EXPECTING)
            await client.read_until(b"\r\n\r\n")
            await client.send(b"hello")
            response = await client.read_response("POST")
        assert (200, ()) == (response.status, response.interim)


async def test_expect_upstream_that_sends_no_100_still_gets_the_body(rig: RigFactory) -> None:
    """An upstream that just waits for the body (HTTP/1.0 style) must not make proxy and client wait for each other."""
    async with rig([read_request(), send(OK), stall()]) as running, running.client() as client:
        await client.send(EXPECTING)
        seen = asyncio.ensure_future(client.read_until(b"\r\n\r\n"))
        try:
            assert (await asyncio.wait_for(asyncio.shield(seen), 2.0)).startswith(b"HTTP/1.1 100")
        except TimeoutError:
            seen.cancel()
            await asyncio.gather(seen, return_exceptions=True)  # RFC 9110: a client need not wait for ever
        await client.send(b"hello")
        assert 200 == (await client.read_response("POST")).status


async def test_expect_refused_by_upstream_is_relayed_without_the_body(rig: RigFactory) -> None:
    """A final answer instead of 100 reaches the client; the body behind it is not made up, nor read as a request."""
    async with rig([read_head(), send(DENIED), read_request(), answer()], [answer()]) as running:
        async with running.client() as client:
            await client.send(EXPECTING)
            response = await client.read_response("POST")
            assert response.status in (401, 502)
            if response.says_close:
                await client.read_to_end()
                return
            # RFC 9110 10.1.1: a server that does not say close goes on reading the body.
            await client.send(b"hello" + get(target="/next"))
            following = await client.read_response()
        assert following.status in (200, 400)
        assert all(request.body in (b"", b"hello") for request in running.upstream.complete_requests)


async def test_expect_refused_body_is_never_a_request(rig: RigFactory) -> None:
    """CVE-class 0.CL: a client that sends the body although it was refused does not get it served as a request."""
    head = post(f"Content-Length: {len(SMUGGLED)}", "Expect: 100-continue")
    async with rig([read_head(), send(DENIED), read_request(), answer()], [answer()]) as running:
        async with running.client() as client:
            await client.send(head)
            first = await client.read_response("POST")
            assert first.status in (401, 502)
            await client.send(SMUGGLED.encode())
            rest = b""
            if not first.says_close:
                await client.send(wire("GET /probe HTTP/1.1", "Host: a.example", "Connection: close"))
            rest = await client.read_to_end()
        assert all(request.target != b"/smuggled" for request in running.upstream.requests)
        assert rest.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize("target", ["/local", "/admin"])
async def test_expect_answered_locally_is_never_followed_by_its_body(rig: RigFactory, target: str) -> None:
    """Behind a local answer to an expecting request the body is dropped, or the connection is closed."""
    head = post(f"Content-Length: {len(SMUGGLED)}", "Expect: 100-continue", target=target)
    async with rig() as running:
        seen = await running.play(head, SMUGGLED.encode())
        assert all(request.target != b"/smuggled" for request in running.upstream.requests), seen
        assert len(seen.responses) <= 2, seen
        assert seen.end is not End.OPEN, seen


async def test_expect_on_http_1_0_gets_no_100(rig: RigFactory) -> None:
    """RFC 9110 10.1.1: a server "MUST ignore that expectation" in an HTTP/1.0 request."""
    raw = wire("POST /x HTTP/1.0", "Host: a.example", "Content-Length: 5", "Expect: 100-continue", body="hello")
    async with rig([read_head(), send(CONTINUE), read_request(), send(OK), stall()]) as running:
        async with running.client() as client:
            await client.send(raw)
            data = await client.read_to_end()
        assert data.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")), data


async def test_continue_that_nobody_asked_for_does_not_confuse(rig: RigFactory) -> None:
    """A 100 without expectation is relayed or dropped; the final response is the one behind it."""
    async with rig([read_request(), send(CONTINUE + CONTINUE + OK), stall()]) as running:
        seen = await running.play(post("Content-Length: 5", body="hello"), probe=False)
        check_sane(seen)
        assert [200] == seen.statuses


EARLY = [
    ("401-keep-alive", DENIED, 401),
    ("413-close", wire("HTTP/1.1 413 Too Large", "Connection: close", "Content-Length: 2", body="no"), 413),
    ("200", OK, 200),
    ("chunked", wire("HTTP/1.1 403 Forbidden", "Transfer-Encoding: chunked", body="2\r\nno\r\n0\r\n\r\n"), 403),
]


@pytest.mark.parametrize(("raw", "status"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
async def test_early_response_reaches_client_whose_body_is_under_way(rig: RigFactory, raw: bytes, status: int) -> None:
    """An answer that comes before the body has ended is relayed, not held back and not turned into 502."""
    async with rig([read_head(), send(raw), stall()], [answer()]) as running, running.client() as client:
        await client.send(post("Content-Length: 50000", body="x" * 1000))
        assert status == (await client.read_response("POST")).status


@pytest.mark.parametrize(("raw", "status"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
async def test_early_response_leaves_no_body_bytes_as_request(rig: RigFactory, raw: bytes, status: int) -> None:
    """Behind an early answer the rest of the body is read to its end, or the connection is closed."""
    body = "x" * 1000 + SMUGGLED
    async with rig([read_head(), send(raw), read_request(), answer()], [answer()]) as running:
        async with running.client() as client:
            await client.send(post(f"Content-Length: {len(body)}", body=body[:1000]))
            first = await client.read_response("POST")
            assert status == first.status
            await client.send(
                body[1000:].encode() + wire("GET /probe HTTP/1.1", "Host: a.example", "Connection: close")
            )
            rest = await client.read_to_end()
        assert all(request.target != b"/smuggled" for request in running.upstream.requests)
        assert rest.count(b"HTTP/1.1 ") <= 1


async def test_early_response_upstream_connection_with_unsent_body_is_not_reused(rig: RigFactory) -> None:
    """The upstream still waits for body bytes there: another request on that connection would be taken for them."""
    async with rig([read_head(), send(DENIED), stall()], [answer()]) as running:
        async with running.client() as client:
            await client.send(post("Content-Length: 50000", body="x" * 1000))
            assert 401 == (await client.read_response("POST")).status
        assert 200 == (await running.ask(get())).status
        assert b"GET /x" not in running.upstream.received[0]


async def test_early_response_then_close_is_relayed_while_upload_runs(rig: RigFactory) -> None:
    """An upstream that answers and closes without reading makes the proxy's writes fail; the answer still counts."""
    refuse = wire("HTTP/1.1 413 Too Large", "Connection: close", "Content-Length: 2", body="no")
    async with rig([stop_reading(), send(refuse), close()]) as running, running.client() as client:
        await client.send(post("Content-Length: 60000", body="x" * 60_000))
        assert (await client.read_response("POST")).status in (413, 502)


async def test_early_response_while_upstream_goes_on_reading_keeps_the_order(rig: RigFactory) -> None:
    """A client that sends its whole body behind an early answer may go on with the next request."""
    async with rig([read_head(), send(DENIED), read_request(), answer()], [answer()]) as running:
        seen = await running.play(post("Content-Length: 20000", body="x" * 20_000))
        check_sane(seen)
        assert 401 == seen.statuses[0]
        check_in_step(seen)
