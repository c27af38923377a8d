"""The process that several workers serve for: start, keep, stop.

In: ``Supervisor``. Not in: one process that serves by itself (``gateway.server``), signals (``cli``).
"""

from __future__ import annotations

from secrets import token_bytes
from typing import Any

from vizgate._version import __version__
from vizgate.clock import Clock, SystemClock
from vizgate.config import GatewayConfig
from vizgate.extension.contract import Context
from vizgate.gateway.cores import worker_count
from vizgate.gateway.operations.standing import StandingOrders
from vizgate.gateway.reload.record import ReloadRecord
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.server import Gateway
from vizgate.gateway.state import GatewayState
from vizgate.gateway.workers.channel.channel import Asked
from vizgate.gateway.workers.supervisor.admin import AdminDoor
from vizgate.gateway.workers.supervisor.doors import Doors
from vizgate.gateway.workers.supervisor.fleet import Fleet
from vizgate.gateway.workers.supervisor.member import Member
from vizgate.gateway.workers.supervisor.numbers import FleetVitals
from vizgate.gateway.workers.supervisor.operator import FleetOperator
from vizgate.gateway.workers.supervisor.reload import FleetReload
from vizgate.gateway.workers.terms import Terms
from vizgate.gateway.workers.worker.beginning import sent
from vizgate.observe.log import LogLevel
from vizgate.observe.metrics import Metrics
from vizgate.store.config import SharedStoreConfig
from vizgate.store.shared.store import SharedStore
from vizgate.transport.listener import Listener
from vizgate.transport.sharing.page import MOST_WORKERS, LoadPage


class Supervisor:
    """A gateway of workers, of which there should be ``count``.

    Args: model: a gateway that is never started: what its configuration names can be used, and it has the sockets that
    were given. log_level: of the workers' own log.
    Raises: NoForkServer: this system has no way to start workers. OSError: no memory for what they share.
    """

    def __init__(
        self,
        model: Gateway,
        count: int,
        *,
        log_level: LogLevel = "info",
        clock: Clock | None = None,
    ) -> None:
        self.config: GatewayConfig = model.config
        self.count = count
        self._clock = clock or SystemClock()
        # Its own, not the model's: targets that nobody asks are fit for ever.
        metrics = Metrics(self.config.observe.metrics.buckets, version=__version__)
        self.state = GatewayState(clock=self._clock, metrics=metrics)
        self.codec = model.plan.server.codec.name
        self._secret = token_bytes(32)
        self._log_level = log_level
        self._given = model.state.membership.sockets
        self.doors = Doors(self._given.sockets)
        self._page = LoadPage.new()
        self._store: SharedStore | None = None
        self.fleet = Fleet(self, {"exposition": self._expose, "farewell": self._part}, self._page, self._clock, metrics)
        self.vitals = FleetVitals(self.fleet, self.state.health, metrics)
        self._orders = StandingOrders(self._clock)
        self.operator = FleetOperator(self.fleet, self._orders, self)
        self.admin = AdminDoor(self.state, self.vitals, self.operator)
        record = ReloadRecord(self.config, self._clock, metrics)
        self._reloading = FleetReload(self, model.source, record)

    # start

    async def start(self) -> None:
        """Have every worker serve.

        Raises: ListenFailed: an address cannot be listened on. StoreFailed: the store cannot be had. WorkerFailed: a
        worker cannot start. Nothing is left running then.
        """
        self.state.begin()
        self._set_up_fleet()
        try:
            async with self._reloading.turn:
                await self._start_parts()
        except BaseException:
            await self.stop(timeout_s=0.0)
            raise
        self.state.health.mark_ready()

    async def _start_parts(self) -> None:
        self._store = await _shared_store(self.config, self.state)
        self.doors = await self.doors.opened(self.config.server.listen)
        await self.admin.open(self.config)
        await self.fleet.start(self.count)

    def _set_up_fleet(self) -> None:
        server = self.config.server
        self.fleet.timeout_s, self.fleet.drain_s = server.worker_timeout, server.shutdown_timeout

    def body(self, seat: int) -> tuple[dict[str, Any], bytes, list[int]]:
        """See ``Equipment.body``."""
        body, sockets = sent(self.doors.sockets)
        store = [] if self._store is None else [self._store.fileno()]
        return {**body, "seat": seat}, self.terms_for(self.config), [self._page.fd, *store, *sockets]

    def terms_for(self, config: GatewayConfig) -> bytes:
        """See ``Served.terms_for``."""
        return Terms(config, self._secret, self._log_level, tuple(self._orders)).encode()

    # asked by workers

    async def _expose(self, _member: Member, asked: Asked) -> tuple[str, str]:
        content_type, text = await self.vitals.metrics(str(asked.body))
        return content_type, text.decode()

    async def _part(self, member: Member, asked: Asked) -> None:
        self.vitals.note(member, asked.body)

    # serve

    @property
    def urls(self) -> list[str]:
        """Where the gateway listens, once started, as people write it."""
        return self.doors.urls

    @property
    def admin_url(self) -> str | None:
        """Where the admin listener is, once started; None when it is off."""
        return self.admin.url

    async def reopen_logs(self) -> None:
        """Have the access log begin a new file, in every worker."""
        await self.fleet.ask_all(self.fleet.members, "reopen_logs", timeout_s=self.config.server.worker_timeout)

    @property
    def source(self) -> ConfigSource | None:
        """Where ``reload`` reads; None where it cannot."""
        return self._reloading.source

    @property
    def reloads(self) -> ReloadRecord:
        """What became of reloads."""
        return self._reloading.record

    async def reload(self) -> None:
        """Serve by what the file says now, in every worker or in none.

        Raises: VizgateError: it cannot be used, and nothing has changed.
        """
        await self._reloading.ask()

    def take(self, config: GatewayConfig, doors: Doors) -> None:
        """See ``Served.take``."""
        if config.observe.metrics.buckets != self.config.observe.metrics.buckets:
            self.vitals.forget_histograms()
        if config.server.workers != self.config.server.workers:
            self.count = worker_count(config.server.workers)
        self.config, self.doors = config, doors
        self._orders.reloaded()
        self._set_up_fleet()

    async def follow(self, admin: Listener | None) -> None:
        """See ``Served.follow``."""
        await self.admin.use(self.config, admin)
        await self._resize(self.count)

    async def grow(self, more: int) -> int:
        """Have *more* workers, or fewer where it is negative, at least one; gives how many there are."""
        # A worker that began while a reload is under way would have to be replaced at its end.
        async with self._reloading.turn:
            await self._resize(self.count + more)
            return self.fleet.size

    async def _resize(self, count: int) -> None:
        self.count = min(max(count, 1), MOST_WORKERS // 2)
        await self.fleet.resize(self.count)

    # stop

    async def stop(self, timeout_s: float | None = None) -> None:
        """Let the workers finish the requests in flight, then let go of everything. A second call hurries the first.

        Args: timeout_s: how long requests may go on; default ``server.shutdown_timeout``.
        """
        timeout_s = self.config.server.shutdown_timeout if timeout_s is None else timeout_s
        self.state.health.mark_draining()
        delay_s = self.config.server.shutdown_delay
        if self.fleet.ready and timeout_s and delay_s:
            self.fleet.tell_all("drain")
            await self.state.sleep(delay_s)
        await self._reloading.stop()
        self.doors.shut_all_but()
        self._given.close()
        self.doors.close_all_but()  # what waits in the queues is the workers', who have the sockets, too
        await self.fleet.stop(timeout_s)
        await self.fleet.wait_buried()
        await self.admin.close()
        if self._store is not None:
            store, self._store = self._store, None
            await store.stop()
        self._page.close()

    def __repr__(self) -> str:
        return f"<Supervisor [{self.fleet!r}]>"


async def _shared_store(config: GatewayConfig, state: GatewayState) -> SharedStore | None:
    """The table that workers count in together, where it has no name by which each would find it."""
    if not isinstance(config.store, SharedStoreConfig) or config.store.path is not None:
        return None
    store = SharedStore(config.store, Context(name="store", clock=state.clock, metrics=state.metrics))
    await store.start()
    return store
