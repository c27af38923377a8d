"""The admin listener of a gateway of several workers.

In: ``AdminDoor``. Not in: what it answers (``gateway.admin``).
"""

from __future__ import annotations

import asyncio

from vizgate.config import GatewayConfig
from vizgate.config.model import Address, UnixAddress
from vizgate.gateway.admin.access import AdminAccess
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.audit import AuditLog
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.build import server_plan
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.listening.doors import url_of
from vizgate.gateway.listening.listeners import admin_listener
from vizgate.gateway.operations.operation import Operator
from vizgate.gateway.operations.vitals import Vitals
from vizgate.gateway.state import GatewayState
from vizgate.transport.arrival.sockets import RELOAD_TRIES
from vizgate.transport.deadlines import TICK_S
from vizgate.transport.listener import Listener


class AdminDoor:
    """Closed until ``open``; *vitals* and *operator* are whom it asks."""

    def __init__(self, state: GatewayState, vitals: Vitals, operator: Operator) -> None:
        self._state = state
        self._endpoints = Endpoints(vitals)
        self._operator = operator
        self._address: Address | UnixAddress | None = None
        self._listener: Listener | None = None
        self._site: AdminSite | None = None
        self._ticker: asyncio.TimerHandle | None = None

    async def open(self, config: GatewayConfig) -> None:
        """Listen as *config* says; not at all when it is off. Raises: ListenFailed: that is not possible."""
        self._config, clock = config, self._state.clock
        access = AdminAccess(lambda: self._config.server, clock)
        audit = AuditLog(clock, lambda: self._config.observe.audit_log.to)
        api = AdminApi(self._endpoints, self._operator, access, clock, audit)
        self._site = AdminSite(server_plan(config), self._state, api)
        self._tick()
        await self.use(config, await self.next(config))

    async def next(self, config: GatewayConfig) -> Listener | None:
        """The listener of *config*, which nobody serves yet where it is new.

        Raises: ListenFailed: there cannot be one.
        """
        address = config.server.admin
        if address is None or address == self._address:
            return self._listener if address is not None else None
        listener = admin_listener(address)
        await listener.bind(tries=RELOAD_TRIES if self._listener is not None else 1)
        return listener

    def let_go(self, listener: Listener | None) -> None:
        """Close what ``next`` has given, unless it serves."""
        if listener is not None and listener is not self._listener:
            listener.close()

    async def use(self, config: GatewayConfig, listener: Listener | None) -> None:
        """Go by *config* from now on, at *listener*, which ``next`` has given."""
        assert self._site is not None
        self._config = config
        self._site.use(server_plan(config))
        before, self._listener, self._address = self._listener, listener, config.server.admin
        if listener is not before and listener is not None:
            await listener.serve(self._state.clock, self._state.sweeper, self._site.accept)
        if listener is not before and before is not None:
            await before.drain()

    def _tick(self) -> None:
        has_more = self._state.sweeper.sweep(self._state.clock.monotonic())
        self._ticker = asyncio.get_running_loop().call_later(0 if has_more else TICK_S, self._tick)

    @property
    def url(self) -> str | None:
        """Where it is, once open; None when it is off."""
        return None if self._listener is None else url_of(self._listener)

    async def close(self) -> None:
        """Answer nothing more."""
        if self._listener is not None:
            self._listener.close()
        if self._site is not None:
            for connection in list(self._site.connections):
                connection.stop()
                await connection.wait_closed()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def __repr__(self) -> str:
        return f"<AdminDoor {self._listener or 'off'}>"
