"""The admin listener of a gateway of several workers.

In: ``AdminDoor``. Not in: what it answers (``gateway.admin``).
"""

from __future__ import annotations

import asyncio

from vizgate.config.model import ServerConfig
from vizgate.gateway.admin.access import admin_access
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.listening.doors import url_of
from vizgate.gateway.listening.listeners import admin_listener
from vizgate.gateway.operations.operation import Operator
from vizgate.gateway.operations.vitals import Vitals
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.state import GatewayState
from vizgate.transport.deadlines import TICK_S
from vizgate.transport.listener import Listener


class AdminDoor:
    """Args: plan: of the configuration that is served, for the limits of its connections."""

    def __init__(self, plan: GatewayPlan, state: GatewayState, vitals: Vitals, operator: Operator) -> None:
        self._plan = plan
        self._state = state
        self._endpoints = Endpoints(vitals)
        self._operator = operator
        self._listener: Listener | None = None
        self._site: AdminSite | None = None
        self._ticker: asyncio.TimerHandle | None = None

    async def open(self, server: ServerConfig) -> None:
        """Listen as *server* says; not at all when it is off. Raises: ListenFailed: that is not possible."""
        if server.admin is None:
            return
        state = self._state
        self._listener = listener = admin_listener(server.admin)
        access = admin_access(server, state.clock)
        self._site = AdminSite(self._plan.server, state, AdminApi(self._endpoints, self._operator, access, state.clock))
        await listener.open(state.clock, state.sweeper, self._site.accept)
        self._tick()

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
