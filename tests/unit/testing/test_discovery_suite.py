"""The discovery suite finds sources that break the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.extension.contract import Context
from vizgate.extension.kinds.discovery import Discovered, Discovery, DiscoveryConfig, DiscoveryFailed, PolledDiscovery
from vizgate.testing import check_discovery


class World:
    """``addresses``: what there is. ``is_away``: whether nobody can tell."""

    def __init__(self) -> None:
        self.addresses = ["a:1"]
        self.is_away = False

    def change(self) -> None:
        self.addresses.append(f"a:{len(self.addresses) + 1}")

    def fail(self) -> None:
        self.is_away = True

    def mend(self) -> None:
        self.is_away = False

    def look(self) -> Discovered:
        if self.is_away:
            raise DiscoveryFailed("it is away")
        return Discovered.of(*self.addresses)


class Good(PolledDiscovery):
    """All that an author has to write."""

    world: World

    async def look(self) -> Discovered:
        return self.world.look()


class ListOfTexts(Good):
    async def look(self) -> Any:
        return ["a:1"]


class Restless(Good):
    async def watch(self) -> AsyncIterator[Discovered]:
        while True:
            yield self.world.look()


class OnlyOnce(Good):
    async def watch(self) -> AsyncIterator[Discovered]:
        yield self.world.look()


class Deaf(Good):
    async def watch(self) -> AsyncIterator[Discovered]:
        yield self.world.look()
        await asyncio.Event().wait()


class Swallowing(Good):
    async def look(self) -> Discovered:
        return Discovered(()) if self.world.is_away else self.world.look()


class Stubborn(Good):
    async def watch(self) -> AsyncIterator[Discovered]:
        while True:
            try:
                yield self.world.look()
                await self.context.sleep(1)
            except asyncio.CancelledError:
                return


class Littering(Good):
    async def start(self) -> None:
        self.task = asyncio.ensure_future(asyncio.Event().wait())


class Fragile(Good):
    async def stop(self) -> None:
        assert self.seen, "stopped before it was started"

    async def start(self) -> None:
        self.seen = True

    seen = False


async def check(kind: type[Good], patience_s: float = 1.0) -> None:
    world = World()

    def make(context: Context) -> Discovery:
        source = kind(DiscoveryConfig(), context)
        source.world = world
        return source

    await check_discovery(make, change=world.change, fail=world.fail, mend=world.mend, patience_s=patience_s)


async def test_good_source_passes() -> None:
    """Nothing is found in one that does what it must."""
    await check(Good)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ListOfTexts, "list"),
        (Restless, "without a wait"),
        (OnlyOnce, "a watch has no end"),
        (Deaf, "no answer with other targets"),
        (Swallowing, "nothing is raised"),
        (Stubborn, "does not end when it is cancelled|a watch has no end"),
        (Littering, "tasks go on"),
        (Fragile, "stopped before"),
    ],
)
async def test_source_that_breaks_the_contract_is_found(kind: type[Good], message: str) -> None:
    """Each in its own way, and the message says in which."""
    before = asyncio.all_tasks()
    with pytest.raises((AssertionError, AttributeError), match=message):
        await check(kind, 0.1)
    for task in asyncio.all_tasks() - before:
        task.cancel()
