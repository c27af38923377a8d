"""When a gateway looks for what others of its store have said."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.gateway.agreement.fleet import Member, SharedTable
from vizgate.breaker.machine import State
from vizgate.extension.store import Cells, Program
from vizgate.gateway.agreement import agreement as looking
from vizgate.gateway.agreement.board import Board
from vizgate.gateway.service_parts.breakers import force_breakers
from vizgate.store.memory import MemoryStore
from vizgate.store.shared.store import SharedStore


async def turn_until_forced(member: Member) -> None:
    async with asyncio.timeout(5):
        while member.forced() != {State.OPEN}:  # noqa: ASYNC110  # tasks of others do it, and tell nobody
            await asyncio.sleep(0)


async def test_gateway_follows_before_it_serves_and_says_at_once() -> None:
    """``start`` looks; what an operator says is with the others without waiting for the next look."""
    store = SharedTable()
    one = Member(store)
    await one.agreement.start()
    force_breakers(one.state, "users", "open")
    async with asyncio.timeout(looking.EVERY_S / 2):
        while b"agreement:breaker:users" not in store.asked[4:]:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
    later = Member(store)
    await later.agreement.start()
    assert ({State.OPEN}, one.key) == (later.forced(), later.key)
    for member in (one, later):
        await member.agreement.stop()
        await member.agreement.stop()


async def test_gateway_goes_on_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a look that failed in a way of its own."""
    monkeypatch.setattr(looking, "EVERY_S", 0.0)
    store = SharedTable()
    one, other = Member(store), Member(store)
    for member in (one, other):
        await member.agreement.start()
    run, store.run = store.run, lambda *_: 1 / 0
    for _ in range(50):
        await asyncio.sleep(0)
    store.run = run
    force_breakers(one.state, "users", "open")
    await turn_until_forced(other)
    for member in (one, other):
        await member.agreement.stop()


async def test_memory_is_shared_with_nobody() -> None:
    """There is nobody to agree with, and nothing is left in it."""
    store = MemoryStore()
    alone = Member(store)
    force_breakers(alone.state, "users", "open")
    await alone.look()
    assert 0 == len(store)
    assert alone.state.affinity_key.former is None


async def test_reload_may_bring_another_store() -> None:
    """What is known goes there, and what was said there holds; the key is the one that clients have."""
    one, other = Member(MemoryStore()), Member(SharedTable())
    force_breakers(one.state, "users", "open")
    await one.look()
    key, store = one.key, SharedTable()
    for member in (one, other):
        member.state.store = store
        await member.look()
    assert {State.OPEN} == other.forced()
    assert one.key == other.key
    assert key == one.state.affinity_key.former


async def test_workers_of_one_machine_agree() -> None:
    """Stores on one table are one."""
    first = SharedStore()
    await first.start()
    second = SharedStore(inherited_fd=first.fileno())
    await second.start()
    one, other = Member(first), Member(second)
    force_breakers(one.state, "users", "open")
    for member in (one, other):
        await member.look()
    assert ({State.OPEN}, one.key) == (other.forced(), other.key)
    await second.stop()
    await first.stop()


async def test_board_refuses_what_cannot_be_an_answer() -> None:
    """A store that answers nonsense is as one that does not answer."""

    class Mad(SharedTable):
        def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
            return (1.0,)

    with pytest.raises(Exception, match="1 numbers for key, not 4"):
        await Board(Mad).first("key", 60.0, (1.0, 2.0, 3.0, 4.0))
    with pytest.raises(Exception, match="1 numbers for word, not 2"):
        await Board(Mad).latest("word", 60.0, 0.0, 0.0)


def test_gateway_may_be_started_again_on_another_loop() -> None:
    """As an ASGI lifespan may be: what waited on the first loop is no obstacle on the second."""
    one = Member(SharedTable())

    async def live() -> None:
        await one.agreement.start()
        await asyncio.sleep(0)
        one.agreement.wake()
        await one.agreement.stop()

    asyncio.run(live())
    asyncio.run(live())
