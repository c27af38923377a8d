"""The store in Redis.

In: ``RedisStore``: asking over the connection there is, and making a new one in the background when there is none. Not
in: the connection (``store.redis.connection``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable

from vizgate.extension.contract import Context
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.store.address import parse_address
from vizgate.store.config import RedisStoreConfig
from vizgate.store.redis.connect import Login, connect, tls_context
from vizgate.store.redis.connection import Connection
from vizgate.store.redis.script import Script

_log = logging.getLogger("vizgate.store")

# Redis keeps every script that it was ever given.
_MAX_PROGRAMS = 200
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 5.0
# A connection that lasted so long was a good one; after one that did not, the pause grows as after none.
_STEADY_S = 1.0


class RedisStore(StoreComponent):
    """Numbers that many machines share. While Redis is away every ``run`` fails at once.

    It belongs to the event loop that ``start`` runs on.
    """

    Config = RedisStoreConfig
    is_local = False

    def __init__(self, config: RedisStoreConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        address = parse_address(config.url)
        tls = tls_context(config.ca, verify=config.verify) if address.has_tls else None
        self._login = Login(address, tls, config.username, config.password)
        self._prefix = config.prefix.encode()
        self._scripts: dict[str, Script] = {}
        self._connection: Connection | None = None
        self._away = "not started"
        self._keeping: asyncio.Task[None] | None = None
        counters = self.context.metrics.counters
        operations = counters("store_operations", "Programs that the store was asked to run.", ("outcome",))
        self._asked, self._refused = operations.of("asked"), operations.of("failed_at_once")
        self._failed = operations.of("failed")
        connections = counters("store_connections", "Connections to the store, by how they came about.", ("outcome",))
        self._opened, self._not_opened = connections.of("opened"), connections.of("failed")

    def run(self, program: Program, key: bytes, arguments: Cells) -> Awaitable[Cells]:
        """See ``Store.run``; it waits for ``timeout`` at most, and not at all when no answer is to be expected."""
        connection = self._connection
        try:
            if connection is None:
                raise StoreFailed(f"Redis at {self._login.address} is away: {self._away}")  # noqa: TRY301  # counted below
            script = self._scripts.get(program.lua) or self._script_of(program)
            future = connection.run(script, script.call(self._prefix + key, arguments))
        except StoreFailed:
            self._refused.value += 1
            raise
        self._asked.value += 1
        return future

    def _script_of(self, program: Program) -> Script:
        if len(self._scripts) >= _MAX_PROGRAMS:
            raise StoreFailed(
                f"more than {_MAX_PROGRAMS} programs. What varies must be an argument, not a part of the Lua"
            )
        script = self._scripts[program.lua] = Script.of(program)
        return script

    async def start(self) -> None:
        """Connect; when that does not work at once, go on trying in the background."""
        tried = asyncio.Event()
        self._keeping = asyncio.create_task(self._keep_connected(tried))
        self._keeping.add_done_callback(lambda _: tried.set())  # whatever ends it, nobody waits for ever
        await tried.wait()

    async def _keep_connected(self, tried: asyncio.Event) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                connection = await connect(self._login, self.config.timeout, self._failed)
            except StoreFailed as exc:
                self._not_opened.value += 1
                self._tell_away(str(exc))
            else:
                self._opened.value += 1
                self._connection = connection
                self._away = ""
                _log.info("store: connected to Redis at %s", self._login.address)
            tried.set()
            if self._connection is not None and await self._until_ended(self._connection) >= _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            # Many gateways lose one Redis at once; they must not come back at once.
            await asyncio.sleep(pause_s * self.context.random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _until_ended(self, connection: Connection) -> float:
        """How many seconds *connection* lasted, when it has ended."""
        begun_s = self.context.clock.monotonic()
        try:
            reason = await asyncio.shield(connection.ended)
        finally:
            self._connection = None
        self._tell_away(reason)
        return self.context.clock.monotonic() - begun_s

    def _tell_away(self, reason: str) -> None:
        """Log it once for each reason, not for each try."""
        if reason != self._away:
            _log.warning("store: Redis at %s is away: %s. Trying again", self._login.address, reason)
        self._away = reason

    async def stop(self) -> None:
        """Close the connection; whoever waits is told."""
        keeping, self._keeping = self._keeping, None
        connection = self._connection
        if keeping is not None:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
        if connection is not None:
            connection.close("the gateway stops")
            await connection.ended
        self._away = "stopped"

    def __repr__(self) -> str:
        state = "away" if self._connection is None else repr(self._connection)
        return f"<RedisStore {self._login.address} [{state}]>"
