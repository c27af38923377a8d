"""Gateways without sockets that share a store, which a test may take away.

In: ``SharedTable``, ``Member``. Not in: the tests.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from vizgate.breaker.machine import State
from vizgate.config import load_text
from vizgate.extension.contract import Context
from vizgate.extension.registry import Registry
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.build import Compiled, compile_plan
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.service_parts.agreement import agreement_of
from vizgate.gateway.state import GatewayState
from vizgate.store.memory import MemoryStore
from vizgate.testing import ManualClock

ONE = "breaker: {}, affinity: {cookie: vz}"


class SharedTable:
    """A store that answers later, as one in the network does; ``asked`` counts, ``is_away`` makes it fail."""

    is_local = False

    def __init__(self) -> None:
        self.table = MemoryStore(context=Context(clock=ManualClock()))
        self.asked: list[bytes] = []
        self.is_away = False

    def run(self, program: Program, key: bytes, arguments: Cells) -> Awaitable[Cells]:
        if self.is_away:
            raise StoreFailed("away")
        self.asked.append(key)

        async def answer() -> Cells:
            return self.table.run(program, key, arguments)

        return answer()

    def forget(self) -> None:
        """Lose everything, as a Redis without a disk does when it is started anew."""
        self.table = MemoryStore(context=Context(clock=ManualClock()))

    def taken(self) -> list[str]:
        """The keys that were asked for since the last call."""
        asked, self.asked = self.asked, []
        return [key.decode() for key in asked]

    async def start(self) -> None:
        """It is always there."""

    async def stop(self) -> None:
        """It holds nothing."""


class Member:
    """A gateway on *store*. Args: services: their settings beside targets."""

    def __init__(self, store: Any, wall_s: float = 1e9, **services: str) -> None:
        self.state = GatewayState(clock=ManualClock(wall_s=wall_s))
        self.state.store = store
        self.load(**services or {"users": ONE})
        self.agreement = agreement_of(self.state)

    def load(self, **services: str) -> Compiled:
        """Compile a configuration, as a start or a reload does."""
        lines = [f"  {name}: {{targets: [http://127.0.0.1:3001], {parts}}}" for name, parts in services.items()]
        routes = [f"  - {{match: {{path: /{name}}}, service: {name}}}" for name in services]
        text = "\n".join(["services:", *lines, "routes:", *routes])
        draft = StateDraft(self.state)
        made = compile_plan(load_text(text), draft, Registry(BUILTIN))
        draft.adopt()
        return made

    async def look(self) -> None:
        await self.agreement.look()

    @property
    def key(self) -> bytes:
        return self.state.affinity_key.secret

    def forced(self, service: str = "users") -> set[State | None]:
        """What the breakers of *service* are kept in."""
        return {
            machine.state if machine.is_forced else None
            for target, machine in self.state.breakers.items()
            if service in (target, getattr(target, "service", None))
        }
