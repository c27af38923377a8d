"""A stop, step by step: who sends traffic hears of it first, then nobody new comes, then what goes on may end."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.reload.bench import OK, ask, client_of, config_of, request, says, target
from vizgate.gateway.server import Gateway
from vizgate.testing import ManualClock
from vizgate.testing.raw_client import RawClient
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import read_request, send, wait

_PUBLIC = {"public_endpoints": ["health"]}


async def test_drain_asks_for_no_more_and_serves_whoever_comes() -> None:
    """Readiness fails, each answer ends its connection, and nobody is turned away; a reload changes none of that."""
    clock = ManualClock(1.0)
    async with Gateway(config_of({"routes": [says("one")], "server": _PUBLIC}), clock=clock) as gateway:
        async with client_of(gateway) as kept:
            assert not (await ask(kept)).says_close
            gateway.drain()
            assert (await ask(kept)).says_close
        await gateway.reload(config_of({"routes": [says("two")], "server": _PUBLIC}))
        async with client_of(gateway) as new:
            while not gateway._public.connections:  # noqa: ASYNC110  # the listener tells nobody
                await asyncio.sleep(0)
            clock.advance(1.0)  # longer than a connection is kept once a stop has closed the listeners
            gateway.state.sweeper.sweep(clock.monotonic())
            answer = await ask(new)
            assert (b"two", True) == (answer.body, answer.says_close)
        async with client_of(gateway) as probe:
            assert 503 == (await ask(probe, "/readiness")).status
        async with client_of(gateway) as probe:
            assert 200 == (await ask(probe, "/liveness")).status


async def test_stop_goes_on_taking_connections_for_a_while() -> None:
    """For ``shutdown_delay``, in which ``/readiness`` says 503; then nobody is taken any more."""
    parts = {"routes": [says("one")], "server": {**_PUBLIC, "shutdown_delay": "7s"}}
    gateway = Gateway(config_of(parts))
    over, waited = asyncio.Event(), []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await over.wait()

    gateway.state.sleep = sleep
    await gateway.start()
    port = gateway.addresses[0][1]
    stopping = asyncio.create_task(gateway.stop())
    for path, status in (("/readiness", 503), ("/", 200)):
        async with RawClient("127.0.0.1", port) as client:
            answer = await ask(client, path)
            assert (status, True) == (answer.status, answer.says_close)
    over.set()
    await stopping
    assert [7.0] == waited
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_stop_at_once_waits_for_nothing() -> None:
    """Not for ``shutdown_delay`` either: a second signal means it."""
    gateway = Gateway(config_of({"routes": [says("one")], "server": {"shutdown_delay": "1h"}}))
    await gateway.start()
    stopping = asyncio.create_task(gateway.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await gateway.stop(timeout_s=0.0)
    assert not gateway.is_started


async def test_request_in_flight_is_answered_while_the_gateway_stops() -> None:
    """Whole, also one that began before a reload."""
    release = asyncio.Event()
    async with ScriptedUpstream([read_request(), wait(release), send(OK)]) as upstream:
        gateway = Gateway(config_of(target(upstream.url)))
        await gateway.start()
        async with client_of(gateway) as client:
            await client.send(request())
            await upstream.wait_for(lambda: len(upstream.complete_requests) == 1)
            await gateway.reload(config_of({"routes": [says("other")]}))
            stopping = asyncio.create_task(gateway.stop())
            await asyncio.sleep(0.05)
            assert not stopping.done()
            release.set()
            answer = await client.read_response()
            assert (b"ok", True) == (answer.body, answer.says_close)
            await stopping
