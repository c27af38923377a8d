"""Retries: what may have been acted on is never sent again, and nothing is tried for ever (RFC 9110 9.2.2)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from tests.conformance.harness import RigFactory, get, post, wire
from vizgate.testing.raw_client import ConnectionEnded, RawClient
from vizgate.testing.steps import OK, Step, answer, close, read_head, read_request, reset, send, stall, wait

MOST_ATTEMPTS = 4


async def status_or_none(client: RawClient, method: str) -> int | None:
    """The status of the next response; None when the proxy passes the upstream's end on, which some peers do."""
    try:
        return (await client.read_response(method)).status
    except ConnectionEnded:
        return None


UNSAFE = ["POST", "PATCH", "LOCK"]
IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]


def request_of(method: str) -> bytes:
    """A request of *method*, with a body where it usually has one."""
    if method in ("POST", "PATCH", "PUT"):
        return wire(f"{method} /x HTTP/1.1", "Host: a.example", "Content-Length: 5", body="hello")
    return wire(f"{method} /x HTTP/1.1", "Host: a.example")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("ending", [close, reset])
async def test_unsafe_request_is_sent_at_most_once(rig: RigFactory, method: str, ending: Callable[[], Step]) -> None:
    """An upstream that took the request and died may have acted on it: 502, and no second delivery."""
    async with rig([read_request(), ending()]) as running:
        response = await running.ask(request_of(method), method=method)
        assert 502 == response.status
        assert 1 == len(running.upstream.complete_requests)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_unsafe_request_whose_head_was_read_is_not_sent_again(rig: RigFactory, method: str) -> None:
    """A head is enough to act on."""
    async with rig([read_head(), reset()], [answer()]) as running:
        response = await running.ask(request_of(method), method=method)
        assert 502 == response.status
        assert 1 == sum(bool(request.version) for request in running.upstream.requests)


@pytest.mark.parametrize("method", IDEMPOTENT)
@pytest.mark.parametrize("ending", [close, reset])
async def test_idempotent_request_is_tried_a_bounded_number_of_times(
    rig: RigFactory, method: str, ending: Callable[[], Step]
) -> None:
    """An upstream that always dies gets few attempts, and the client gets 502."""
    async with rig([read_request(), ending()]) as running:
        response = await running.ask(request_of(method), method=method)
        assert 502 == response.status
        assert 1 <= len(running.upstream.connections) <= MOST_ATTEMPTS


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("ending", [close, reset])
async def test_unsafe_request_on_stale_connection_is_not_sent_again(
    rig: RigFactory, method: str, ending: Callable[[], Step], is_peer: bool
) -> None:
    """A pooled connection that dies under a POST: the upstream may have read it, so the client is told 502."""
    stale = [read_request(), send(OK), read_request(), ending()]
    async with rig(stale, [answer()]) as running:
        async with running.client() as client:
            await client.send(get())
            assert 200 == (await client.read_response()).status
            await client.send(request_of(method))
            status = await status_or_none(client, method)
        assert 2 == len(running.upstream.complete_requests)
        assert status == 502 or is_peer


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("ending", [close, reset])
async def test_safe_request_on_stale_connection_is_sent_once_more(
    rig: RigFactory, method: str, ending: Callable[[], Step], is_peer: bool
) -> None:
    """A pooled connection that dies under a safe request is replaced silently, once (RFC 9112 9.3.1)."""
    stale = [read_request(), send(OK), read_request(), ending()]
    async with rig(stale, [answer()]) as running:
        async with running.client() as client:
            await client.send(get())
            assert 200 == (await client.read_response()).status
            await client.send(request_of(method))
            status = await status_or_none(client, method)
        assert status == 200 or is_peer
        assert len(running.upstream.connections) <= 2


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("ending", [close, reset])
async def test_connection_closed_while_idle_is_not_used(
    rig: RigFactory, method: str, ending: Callable[[], Step]
) -> None:
    """An idle connection that the upstream has ended is dropped from the pool, so that even a POST goes through."""
    leave = asyncio.Event()
    async with rig([read_request(), send(OK), wait(leave), ending()], [answer()]) as running:
        async with running.client() as client:
            await client.send(get())
            assert 200 == (await client.read_response()).status
            leave.set()
            await running.upstream.wait_for(lambda: not running.upstream.connections[0].is_open)
            await running.settle()
            await client.send(request_of(method))
            assert 200 == (await client.read_response(method)).status
        assert [b"GET", method.encode()] == [request.method for request in running.upstream.complete_requests]


async def test_response_that_has_begun_is_never_started_again(rig: RigFactory) -> None:
    """Once the client has the head of an answer, another attempt could only mix two answers."""
    cut = wire("HTTP/1.1 200 OK", "Content-Length: 10", body="hello")
    async with rig([read_request(), send(cut), reset()], [answer()]) as running:
        async with running.client() as client:
            await client.send(get())
            data = await client.read_to_end()
        assert data.count(b"HTTP/1.1 ") == 1
        assert b" 502 " in data[:16] or data.endswith(b"hello")


async def test_body_that_streamed_away_is_not_sent_again_shorter(rig: RigFactory) -> None:
    """An attempt after a body was consumed must bring the whole body or not be made."""
    async with rig([read_request(), reset()], [answer()]) as running:
        await running.ask(wire("PUT /x HTTP/1.1", "Host: a.example", "Content-Length: 5", body="hello"), method="PUT")
        assert all(request.body == b"hello" for request in running.upstream.requests if request.complete)


async def test_refused_connection_is_502(rig: RigFactory, is_peer: bool) -> None:
    """Nobody listens: 502 at once, for a POST as well."""
    if is_peer:
        pytest.skip("needs an upstream that is not there")
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
        async with rig(config={"services.origin.targets": [f"http://127.0.0.1:{port}"]}) as running:
            assert 502 == (await running.ask(post("Content-Length: 5", body="hello"))).status


async def test_refused_connection_goes_to_the_next_target(rig: RigFactory, is_peer: bool) -> None:
    """Nothing was sent, so even a POST may be tried at another target of the service."""
    if is_peer:
        pytest.skip("needs two targets")
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{placeholder.getsockname()[1]}"
        async with rig() as first:
            async with rig(config={"services.origin.targets": [dead, first.upstream.url]}) as running:
                for _ in range(4):
                    assert 200 == (await running.ask(post("Content-Length: 5", body="hello"))).status
            assert 4 == len(first.upstream.complete_requests)


async def test_upstream_that_stays_silent_is_asked_once_by_post(rig: RigFactory, is_peer: bool) -> None:
    """A timeout is no licence to send a POST again."""
    config = {"services.origin.timeouts": {"response": "200ms"}}
    async with rig([read_request(), stall()], config=config) as running:
        assert 504 == (await running.ask(post("Content-Length: 5", body="hello"))).status
        assert 1 == len(running.upstream.complete_requests)
