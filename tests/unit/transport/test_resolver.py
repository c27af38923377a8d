"""The rules of ``Resolver``: one lookup of a name at a time, and nobody waits for another name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest

from vizgate.errors import ConnectFailed
from vizgate.testing import ManualClock
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.pool import Endpoint, PoolLimits, TargetPool
from vizgate.transport.resolver import Resolver


class NameServer:
    """Knows *names*; it hangs on those that are no key, until ``answers`` is set."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = names
        self.asked: list[str] = []
        self.answers = Event()

    def look_up(self, host: str, _: Any, *, type: int) -> list[tuple[Any, ...]]:  # noqa: A002  # getaddrinfo's
        assert socket.SOCK_STREAM == type
        self.asked.append(host)
        if host not in self.names:
            assert self.answers.wait(5.0)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (address, 0)) for address in self.names[host]]


@asynccontextmanager
async def resolving(server: NameServer) -> AsyncIterator[Resolver]:
    """A resolver that asks *server*; lookups that hang end with the block."""
    try:
        yield Resolver(server.look_up)
    finally:
        server.answers.set()


async def test_name_has_one_lookup_at_a_time_whoever_gives_up() -> None:
    """A hundred requests for a name that hangs, each of which waits for a moment only, are one lookup."""
    server = NameServer()
    async with resolving(server) as resolver:
        waiting = [asyncio.ensure_future(resolver.addresses("dead.example")) for _ in range(100)]
        await asyncio.sleep(0)
        for task in waiting[:99]:
            task.cancel()
        await asyncio.wait(waiting[:99])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await resolver.addresses("dead.example")
        server.answers.set()
        with pytest.raises(OSError, match="not known"):
            await waiting[99]
        assert ["dead.example"] == server.asked


async def test_name_that_hangs_delays_no_other() -> None:
    """Not even fifty of them, more than any loop has threads for."""
    server = NameServer(good=["127.0.0.1"])
    async with resolving(server) as resolver:
        waiting = [asyncio.ensure_future(resolver.addresses(f"dead{number}")) for number in range(50)]
        await asyncio.sleep(0)
        assert ("127.0.0.1",) == await resolver.addresses("good")
        assert not any(task.done() for task in waiting)
        server.answers.set()
        await asyncio.wait(waiting)
        assert {OSError} == {type(task.exception()) for task in waiting}


async def test_answer_is_not_kept() -> None:
    """What moves is found where it is now; the same address twice is one."""
    server = NameServer(moving=["10.0.0.1", "10.0.0.1", "10.0.0.2"])
    async with resolving(server) as resolver:
        assert ("10.0.0.1", "10.0.0.2") == await resolver.addresses("moving")
        server.names["moving"] = ["10.0.0.3"]
        assert ("10.0.0.3",) == await resolver.addresses("moving")


async def test_name_without_an_address_is_an_error() -> None:
    """And so is one that can be no name."""
    async with resolving(NameServer(empty=[])) as resolver:
        with pytest.raises(OSError, match="has none"):
            await resolver.addresses("empty")
    with pytest.raises(OSError, match="no address"):
        await Resolver().addresses("a" * 64 + ".example")


def test_lookup_that_hangs_outlives_its_loop() -> None:
    """Its end is nobody's then; the next loop asks anew."""
    server = NameServer()
    resolver = Resolver(server.look_up)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await resolver.addresses("later")

    asyncio.run(give_up())
    server.names["later"] = ["127.0.0.1"]
    assert ("127.0.0.1",) == asyncio.run(resolver.addresses("later"))
    server.answers.set()


async def test_connect_tries_each_address_in_turn() -> None:
    """Nobody listens on the first."""
    async with ScriptedUpstream() as upstream, resolving(NameServer(api=["127.0.0.2", "127.0.0.1"])) as resolver:
        endpoint = Endpoint("api", upstream.port)
        pool = TargetPool(endpoint, PoolLimits(), ManualClock(), DeadlineSweeper(), resolver)
        stream = await pool.connect(1.0)
        await upstream.wait_for(lambda: len(upstream.connections) == 1)
        stream.close()
        await upstream.wait_quiet()


async def test_connect_waits_no_longer_for_a_name_than_for_a_connection() -> None:
    """One bound over both."""
    async with resolving(NameServer()) as resolver:
        pool = TargetPool(Endpoint("dead", 80), PoolLimits(), ManualClock(), DeadlineSweeper(), resolver)
        with pytest.raises(ConnectFailed, match="within"):
            await pool.connect(0.001)
