"""What traffic shows, over real sockets: targets that answer badly, or not at all."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.doors import DoorFactory
from tests.integration.health.bench import Mood, serving
from vizgate.pipeline.target_state import Block
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import ConnectionEnded
from vizgate.testing.steps import Step, read_head, read_request, reset, send, stall

PASSIVE = {"passive": {"failures": 2}}
FIT, EJECTED = Block.NONE, Block.EJECTED


async def test_target_that_answers_badly_is_left_out_and_comes_back() -> None:
    """Two failures cost two requests; after half a minute it gets the next chance, after its relapse a whole one."""
    bad, good = Mood(traffic=500), Mood()
    async with (
        ScriptedUpstream(bad.script()) as a,
        ScriptedUpstream(good.script()) as b,
        serving([a.url, b.url], PASSIVE) as bench,
    ):
        for length_s in (30.0, 60.0):
            assert [200, 200, 500, 500] == sorted(await bench.statuses(4))
            assert [EJECTED, FIT] == bench.blocks()
            assert [200] * 5 == await bench.statuses(5)
            bench.clock.advance(length_s - 1.0)
            assert [200] * 3 == await bench.statuses(3)
            bench.clock.advance(1.1)
            await bench.until(FIT, FIT)
        assert 4 == bad.served
        bad.traffic = 200
        assert [200] * 4 == await bench.statuses(4)


@pytest.mark.parametrize(
    "script",
    [[read_head(), reset()], [read_head()], [read_head(), send(b"garbage\r\n")]],
    ids=["reset", "end", "garbage"],
)
async def test_target_without_answers_is_left_out(script: list[Step]) -> None:
    """The clients see two failures and no more."""
    async with (
        ScriptedUpstream(script) as a,
        ScriptedUpstream(Mood().script()) as b,
        serving([a.url, b.url], PASSIVE) as bench,
    ):
        assert [200, 200, 502, 502] == sorted(await bench.statuses(4))
        assert [EJECTED, FIT] == bench.blocks()
        assert [200] * 5 == await bench.statuses(5)


async def test_target_that_refuses_is_left_out_and_no_client_sees_it() -> None:
    """A connection that cannot be made is followed by the next target, and counted."""
    async with ScriptedUpstream() as closed:
        url = closed.url
    async with ScriptedUpstream(Mood().script()) as b, serving([url, b.url], PASSIVE) as bench:
        assert [200] * 6 == await bench.statuses(6)
        assert [EJECTED, FIT] == bench.blocks()


async def test_target_that_cuts_its_answers_is_left_out() -> None:
    """Its heads are good, and nobody is fooled by them."""
    cut = [read_request(), send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), reset()]
    async with (
        ScriptedUpstream(cut) as a,
        ScriptedUpstream(Mood().script()) as b,
        serving([a.url, b.url], PASSIVE) as bench,
    ):
        broken = 0
        for _ in range(8):
            try:
                await bench.ask()
            except ConnectionEnded:
                broken += 1
        assert 2 == broken
        assert [EJECTED, FIT] == bench.blocks()


async def test_client_that_leaves_is_nobodys_failure() -> None:
    """Ten clients that do not wait eject no target."""
    async with ScriptedUpstream([read_head(), stall()]) as a, serving([a.url, a.url], PASSIVE) as bench:
        for count in range(1, 11):
            asking = asyncio.ensure_future(bench.ask())
            await a.wait_for(lambda count=count: len(a.received) == count)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await a.wait_quiet()
        assert [FIT, FIT] == bench.blocks()


async def test_rate_of_failures_ejects() -> None:
    """Every second answer is bad: never two in a row, and half of them all the same."""
    mood = Mood()
    health = {"passive": {"failure_rate": "50%", "minimum_requests": 10}}
    async with (
        ScriptedUpstream(mood.script()) as a,
        ScriptedUpstream(Mood().script()) as b,
        serving([a.url, b.url], health) as bench,
    ):
        for turn in range(21):
            mood.traffic = 500 if turn % 4 < 2 else 200
            assert [FIT, FIT] == bench.blocks()
            await bench.ask()
        assert [EJECTED, FIT] == bench.blocks()


async def test_every_way_in_learns_from_traffic(door: DoorFactory) -> None:
    """Under an ASGI server as behind the listener."""
    bad, good = Mood(traffic=500), Mood()
    async with ScriptedUpstream(bad.script()) as a, ScriptedUpstream(good.script()) as b:
        parts = {
            "services": {"users": {"targets": [a.url, b.url], "health": PASSIVE}},
            "routes": [{"match": {"path": "/*"}, "service": "users"}],
        }
        async with door(parts) as here:
            for _ in range(8):
                async with here.client() as client:
                    await client.send(b"GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
                    await client.read_response()
        assert (2, 6) == (bad.served, good.served)
