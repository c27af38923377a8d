"""A worker from its beginning to its end.

In: ``Worker``: what the supervisor may ask of it, and the three ways in which it ends. Not in: serving
(``gateway.server``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from typing import Any

from vizgate.clock import SystemClock
from vizgate.errors import VizgateError
from vizgate.gateway import process
from vizgate.gateway.membership import Membership
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.operations.operation import OperationRefused
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.gateway.reload.prepared import PreparedReload
from vizgate.gateway.server import Gateway
from vizgate.gateway.workers.channel.channel import Asked, Channel, ChannelClosed, Refused
from vizgate.gateway.workers.terms import Terms, own_config
from vizgate.gateway.workers.worker.beginning import Beginning, sockets_of
from vizgate.gateway.workers.worker.watchdog import watch
from vizgate.observe.access_log.sink import Turnstile
from vizgate.observe.log import set_up_logging
from vizgate.observe.metrics.fleet.families import to_json
from vizgate.transport.sharing.page import LoadPage
from vizgate.transport.sharing.seat import Seat

_log = logging.getLogger("vizgate.workers")

# How long requests go on when the supervisor is gone: a new one wants the ports.
_ORPHAN_S = 2.0
# How long the supervisor may take for the numbers of all workers, and to hear ours at the end.
_NUMBERS_S = 3.0


class NotStarted(VizgateError):
    """This worker does not serve."""


class Worker:
    """The worker *number*; *control* leads to its supervisor."""

    def __init__(self, number: int, control: socket.socket) -> None:
        self._number = number
        self._control = control
        self._gateway: Gateway | None = None
        self._starting: asyncio.Task[Any] | None = None
        self._seat: Seat | None = None
        self._over = asyncio.Event()
        self._at_once = asyncio.Event()
        self._timeout_s: float | None = None
        #: Whether all workers stop.
        self._is_last = False
        self._preparing: asyncio.Task[PreparedReload] | None = None

    async def run(self) -> int:
        """Serve until it is over; gives the exit code."""
        loop = asyncio.get_running_loop()
        watch(self._control.fileno())
        self._channel = Channel(
            self._control,
            {
                "begin": self._begin,
                "ping": self._ping,
                "vitals": self._vitals,
                "metrics": self._metrics,
                "perform": self._perform,
                "order": self._order,
                "prepare": self._prepare,
                "commit": self._commit,
                "abort": self._abort,
                "reopen_logs": self._reopen_logs,
                "drain": self._drain,
                "stop": self._stop,
            },
        )
        self._channel.open()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)  # of the terminal, or of all processes: the supervisor acts on them
        loop.add_signal_handler(signal.SIGTERM, self._told_to_leave)
        loop.add_signal_handler(signal.SIGUSR1, self._reopen)
        await self._wait_over()
        await self._end()
        return 0

    async def _wait_over(self) -> None:
        waits = [asyncio.ensure_future(self._over.wait()), asyncio.ensure_future(self._channel.wait_closed())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _end(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._channel.is_closed:
            _log.error("the supervisor is gone")
            self._timeout_s = _ORPHAN_S
        if self._seat is not None:
            self._seat.leaves_queues = not self._is_last
            self._seat.leave()
        if self._gateway is None:
            return
        await self._stop_gateway(self._gateway)
        with contextlib.suppress(ChannelClosed, Refused, TimeoutError):
            await self._channel.ask("farewell", await self._metrics(), timeout_s=_NUMBERS_S)

    async def _stop_gateway(self, gateway: Gateway) -> None:
        ending = asyncio.ensure_future(gateway.stop(self._timeout_s))
        hurrying = asyncio.ensure_future(self._at_once.wait())
        await asyncio.wait([ending, hurrying], return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if not ending.done():
            ending.cancel()
            await asyncio.wait([ending])
            await gateway.stop(timeout_s=0.0)

    # asked by the supervisor

    async def _begin(self, asked: Asked) -> None:
        self._starting = asyncio.current_task()
        try:
            beginning = Beginning.of(asked)
            set_up_logging(beginning.terms.log_level, process=f"worker {self._number}")
            self._gateway = await self._started(beginning)
        finally:
            self._starting = None
        process.settle()

    async def _started(self, beginning: Beginning) -> Gateway:
        clock = SystemClock()
        self._seat = seat = Seat(LoadPage(beginning.page), beginning.seat, clock)
        terms = beginning.terms

        async def take_seat() -> None:
            for name, arguments in terms.orders:
                await self._obey(gateway, name, arguments)
            seat.take()

        membership = Membership(
            beginning.sockets,
            self._number,
            seat,
            terms.secret,
            beginning.store,
            self._exposition,
            # Opened anew, because a lock belongs to the open file, which a duplicate would share.
            Turnstile(os.open(f"/proc/self/fd/{beginning.page}", os.O_RDWR | os.O_CLOEXEC)),
            take_seat,
        )
        gateway = Gateway(own_config(terms.config), clock=clock, membership=membership)
        await gateway.start()
        beginning.sockets.close()  # the listeners have copies; one that stays open here would keep its port
        return gateway

    async def _obey(self, gateway: Gateway, name: str, arguments: Any) -> None:
        """Do what operators have asked for before this worker was there."""
        try:
            await LocalOperator(gateway).perform(name, arguments)
        except OperationRefused as exc:
            later = OPERATIONS[name].later
            if later is not None:
                # Discovery has not told of it here yet.
                later(gateway, arguments)
                return
            # A reload may have taken away what it was about.
            _log.warning("%s is not in force any more: %s", name, exc.reason)

    async def _order(self, asked: Asked) -> None:
        await self._obey(self._serving(), asked.body["name"], asked.body["arguments"])

    async def _ping(self, _asked: Asked) -> None:
        return

    async def _vitals(self, _asked: Asked) -> dict[str, Any]:
        gateway = self._serving()
        health = gateway.state.health
        return {
            "phase": health.told.value,
            "unavailable": gateway.plan.unavailable(),
            "plugins": dict(health.reasons()),
        }

    async def _metrics(self, _asked: Asked | None = None) -> list[Any]:
        # Here and not above: it imports ``prometheus_client``, which a worker that nobody asks does not need.
        from vizgate.observe.metrics.fleet.registry import families_of

        registry = self._serving().state.metrics.registry
        # In a thread, so that thousands of series do not hold up the requests in flight.
        return await asyncio.to_thread(lambda: to_json(families_of(registry)))

    async def _perform(self, asked: Asked) -> Any:
        if self._starting is not None:
            await asyncio.wait([self._starting])
        try:
            return await LocalOperator(self._serving()).perform(asked.body["name"], asked.body["arguments"])
        except OperationRefused as exc:
            raise Refused(exc.reason, {"status": exc.status, "problems": list(exc.problems)}) from exc

    async def _prepare(self, asked: Asked) -> None:
        gateway = self._serving()
        sockets, config = gateway.state.membership.sockets, Terms.decode(asked.blob).config
        sockets.fill(sockets_of(asked))
        self._preparing = asyncio.create_task(gateway.prepare(own_config(config)))
        try:
            await asyncio.shield(self._preparing)
        finally:
            sockets.close()  # listeners that are new have copies

    async def _commit(self, _asked: Asked) -> None:
        preparing, self._preparing = self._preparing, None
        if preparing is not None:
            preparing.result().commit()

    async def _abort(self, _asked: Asked) -> None:
        preparing, self._preparing = self._preparing, None
        if preparing is None:
            return
        if not preparing.done():
            preparing.cancel()
            await asyncio.wait([preparing])
        if not preparing.cancelled() and preparing.exception() is None:
            await preparing.result().abort()

    async def _reopen_logs(self, _asked: Asked) -> None:
        self._reopen()

    async def _drain(self, _asked: Asked) -> None:
        self._serving().drain()

    async def _stop(self, asked: Asked) -> None:
        self._is_last = asked.body["is_last"]
        self._timeout_s = asked.body["timeout_s"]
        if self._over.is_set():
            self._at_once.set()
        self._over.set()

    # on its own account

    def _told_to_leave(self) -> None:
        with contextlib.suppress(ChannelClosed):
            self._channel.tell("leaving")
        self._over.set()

    def _reopen(self) -> None:
        if self._gateway is not None:
            self._gateway.reopen_logs()

    async def _exposition(self, accept: str) -> tuple[str, bytes]:
        content_type, text = await self._channel.ask("exposition", accept, timeout_s=_NUMBERS_S)
        return content_type, text.encode()

    def _serving(self) -> Gateway:
        if self._gateway is None:
            raise NotStarted("this worker has not started yet")
        return self._gateway
