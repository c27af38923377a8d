"""Targets that misbehave in every way, over real sockets: what clients see of it, and what is left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.integration.doors import DoorFactory, gateway_of, listening, settled
from tests.integration.faults.rig import FAULTS, HEAD, RETRY, ask, before, request
from vizgate.testing.raw_client import ConnectionEnded, RawClient
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, reset, send


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_idempotent_request_is_answered_by_another_target(door: DoorFactory, fault: str) -> None:
    """Whatever the one does, the client has the answer of the other, on every one of its requests."""
    async with ScriptedUpstream(FAULTS[fault]) as bad, ScriptedUpstream() as good:
        async with door(before(bad, good, retry=RETRY)) as opened:
            for _ in range(4):
                assert 200 == (await ask(opened)).status
        assert 4 == len(good.complete_requests)
        assert len(bad.connections) >= 1


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_post_is_sent_once(door: DoorFactory, fault: str) -> None:
    """After a byte went out a POST is nobody's a second time: the client is told of the failure."""
    async with ScriptedUpstream(FAULTS[fault]) as bad, ScriptedUpstream() as good:
        async with door(before(bad, good, retry=RETRY)) as opened:
            statuses = {(await ask(opened, "POST", b"order=1")).status for _ in range(2)}
        seen = len(good.complete_requests) + len(bad.complete_requests)
        assert 200 in statuses
        assert statuses - {200} <= {502, 503, 504}
        assert seen <= 2


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_body_is_sent_again_whole(door: DoorFactory, fault: str) -> None:
    """A PUT whose body came in pieces, chunked, reaches the other target as the client sent it."""
    head = b"PUT /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with ScriptedUpstream(FAULTS[fault]) as bad, ScriptedUpstream() as good:
        async with door(before(bad, good, retry=RETRY)) as opened, opened.client() as client:
            await client.send(head, b"3\r\nabc\r\n", b"3\r\ndef\r\n", b"0\r\n\r\n")
            assert 200 == (await client.read_response("PUT")).status
        assert [b"abcdef"] == [each.body for each in good.complete_requests]


async def test_answer_that_has_begun_is_cut_and_never_begun_again(door: DoorFactory) -> None:
    """A reset inside the body is seen as one by the client: half an answer never looks whole."""
    script = [read_request(), send(HEAD + b"\r\nhalf"), reset()]
    async with ScriptedUpstream(script) as bad, door(before(bad, retry=RETRY)) as opened, opened.client() as client:
        await client.send(request())
        with pytest.raises(ConnectionEnded) as cut:
            await client.read_response()
        assert cut.value.data.count(b"HTTP/1.1") <= 1


async def test_body_over_the_buffer_is_sent_once(door: DoorFactory) -> None:
    """A PUT that is too long to be kept is streamed, and its failure is the answer."""
    async with ScriptedUpstream([read_request(), reset()]) as bad:
        async with door(before(bad, retry={**RETRY, "buffer": "4B"})) as opened:
            assert 502 == (await ask(opened, "PUT", b"12345")).status
        assert 1 == len(bad.connections)


async def test_all_targets_down_is_told_at_once(door: DoorFactory) -> None:
    """Nobody listens: 502, with no more attempts than were asked for."""
    with socket.socket() as first, socket.socket() as second:
        urls = []
        for placeholder in (first, second):
            placeholder.bind(("127.0.0.1", 0))
            urls.append(f"http://127.0.0.1:{placeholder.getsockname()[1]}")
        async with door(before(*urls, retry=RETRY)) as opened:
            assert 502 == (await ask(opened)).status
            assert 502 == (await ask(opened, "POST", b"x")).status
        assert [3, 3] == [record["attempts"] for record in opened.records()]


async def test_name_that_is_gone_is_a_target_that_cannot_be_connected_to(door: DoorFactory) -> None:
    """DNS that has no answer any more: the other target is asked, even for a POST."""
    async with ScriptedUpstream() as good:
        config = before("http://gone.invalid:80", good, retry=RETRY, timeouts={"connect": "300ms"})
        async with door(config) as opened:
            for _ in range(2):
                assert 200 == (await ask(opened, "POST", b"x")).status


async def test_retry_after_is_waited_for_and_the_next_target_asked(door: DoorFactory) -> None:
    """``Retry-After: 0`` is no wait; one that is longer than the bound makes the 503 the answer, with its fields."""
    for seconds, status in ((b"0", 200), (b"60", 503)):
        busy = b"HTTP/1.1 503 Busy\r\nRetry-After: " + seconds + b"\r\nContent-Length: 0\r\n\r\n"
        async with ScriptedUpstream([answer(busy)]) as bad, ScriptedUpstream() as good:
            async with door(before(bad, good, retry=RETRY)) as opened:
                response = await ask(opened)
            assert status == response.status
            assert response.get(b"retry-after") == (None if status == 200 else seconds)


async def test_budget_bounds_the_load_of_retries(tmp_path: Path) -> None:
    """200 requests to targets that are all unavailable: at most 20 % more reach them."""
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedUpstream([answer(busy)]) as one, ScriptedUpstream([answer(busy)]) as two:
        async with listening(tmp_path / "log", before(one, two, retry=RETRY)) as door, door.client() as client:
            for _ in range(200):
                await client.send(request())
                assert 503 == (await client.read_response()).status
        assert 200 < len(one.complete_requests) + len(two.complete_requests) <= 240


async def test_client_that_leaves_in_the_wait_leaves_nothing_behind(tmp_path: Path) -> None:
    """Between two attempts nothing runs at a target, and nothing is counted as running."""
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedUpstream([answer(busy)]) as bad:
        async with gateway_of(tmp_path / "log", before(bad, retry=RETRY, max_in_flight=5)) as gateway:
            async with RawClient("127.0.0.1", gateway.addresses[0][1]) as client:
                await client.send(request())
                await bad.wait_for(lambda: len(bad.complete_requests) == 1)
                await settled(lambda: len(bad.complete_requests))
            cells = gateway.state.metrics.gateway
            assert 0 == await settled(lambda: cells.requests_active)
            assert [0] == [state.in_flight for state in gateway.state.targets.values()]
            assert [0] == [bulkhead.in_flight for bulkhead in gateway.state.bulkheads.values()]
        assert 1 == len(bad.complete_requests)
