"""Starting and stopping a gateway that has no listeners of its own.

In: ``Keeper`` and the lifespan protocol of ASGI. Not in: what is started (``gateway.server``).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from vizgate.gateway.asgi.messages import Receive, Send
from vizgate.gateway.public import PublicSite
from vizgate.gateway.state import GatewayState

_log = logging.getLogger("vizgate.asgi")


class Startable(Protocol):
    """What a keeper needs of a gateway."""

    state: GatewayState

    @property
    def is_started(self) -> bool:
        """Whether its parts are running."""
        ...

    def site(self) -> PublicSite:
        """A way in beside its listeners."""
        ...

    async def start_parts(self) -> None:
        """Start everything but the listeners."""
        ...

    async def stop(self) -> None:
        """Stop everything that was started."""
        ...


class Keeper:
    """Starts the parts of *gateway* when they are first needed and stops them once, however many ask for it.

    One task does both, so that a part may hold in ``stop`` what it opened in ``start`` (task groups insist on that).
    That task also ends well when nobody stops it: the loop cancels it when it closes.
    """

    __slots__ = ("_gateway", "_ready", "_stopping", "_task")

    def __init__(self, gateway: Startable) -> None:
        self._gateway = gateway
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[PublicSite] | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> PublicSite:
        """The way in, once every part has started. Raises: StartFailed, and whatever else a part raises."""
        while self._task is not None and self._stopping.is_set():
            await asyncio.wait([self._task])
        if self._task is None:
            if self._gateway.is_started:
                # Somebody else started it, with listeners perhaps, and will stop it.
                return self._gateway.site()
            loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            self._ready = loop.create_future()
            self._task = loop.create_task(self._keep(self._ready, self._stopping))
        assert self._ready is not None
        # Shielded: one request that is cancelled must not take the start away from the others.
        return await asyncio.shield(self._ready)

    @property
    def running(self) -> PublicSite | None:
        """The way in, when it is there already."""
        ready = self._ready
        if ready is None or self._stopping.is_set() or not ready.done() or ready.cancelled() or ready.exception():
            return None
        return ready.result()

    async def stop(self) -> None:
        """Stop what ``start`` started, and return when it has stopped; nothing happens when nothing runs."""
        task = self._task
        if task is not None:
            self._stopping.set()
            await asyncio.shield(task)

    async def _keep(self, ready: asyncio.Future[PublicSite], stopping: asyncio.Event) -> None:
        failure: Exception | None = None
        try:
            await self._gateway.start_parts()
            self._gateway.state.health.mark_ready()
            ready.set_result(self._gateway.site())
            await stopping.wait()
        except Exception as exc:  # noqa: BLE001  # told to everyone who waits for the start
            failure = exc
        finally:
            stopping.set()
            try:
                await self._gateway.stop()
            finally:
                # Told only now: whoever tries again must not meet the remains of this start.
                self._task = self._ready = None
                if failure is not None:
                    ready.set_exception(failure)
                    ready.exception()  # it counts as seen, even if everyone who waited has been cancelled
                ready.cancel()

    def __repr__(self) -> str:
        state = "idle" if self._task is None else "stopping" if self._stopping.is_set() else "keeping"
        return f"<Keeper [{state}]>"


async def run_lifespan(keeper: Keeper, receive: Receive, send: Send) -> None:
    """Speak the lifespan protocol: start and stop when the server says so, and say how it went."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await keeper.start()
            except Exception as exc:  # noqa: BLE001  # told to the server
                _log.exception("the gateway did not start")
                await send({"type": "lifespan.startup.failed", "message": str(exc)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            try:
                await keeper.stop()
            except Exception as exc:  # noqa: BLE001  # told to the server
                _log.exception("the gateway did not stop well")
                await send({"type": "lifespan.shutdown.failed", "message": str(exc)})
                return
            await send({"type": "lifespan.shutdown.complete"})
            return
