"""The gateway as one object: start, serve, drain, stop.

In: ``Gateway``. Not in: the command line (``cli``), compiling (``gateway.build``), what was compiled as it runs
(``gateway.running``), listeners (``gateway.listening``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vizgate._version import __version__
from vizgate.clock import Clock
from vizgate.config import GatewayConfig, load_text
from vizgate.config.model import ServerConfig
from vizgate.extension.registry import Registry
from vizgate.gateway.admin.access import AdminAccess
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.audit import AuditLog
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.calls import Calls
from vizgate.gateway.discovering.gauges import show_sources
from vizgate.gateway.dispatch import dispatch
from vizgate.gateway.health.gauges import show_targets
from vizgate.gateway.listening.doors import url_of
from vizgate.gateway.listening.given import GivenSocket, arranged
from vizgate.gateway.listening.renewal import CertificateRenewal
from vizgate.gateway.membership import Membership, SocketBox
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.public import PublicSite
from vizgate.gateway.purging import purge_caches
from vizgate.gateway.reload.prepared import PreparedReload
from vizgate.gateway.reload.present import Present
from vizgate.gateway.reload.record import ReloadRecord
from vizgate.gateway.reload.reloader import Reloader
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.running.farewell import finish
from vizgate.gateway.running.records import open_access_log
from vizgate.gateway.service_parts.agreement import agreement_of
from vizgate.gateway.state import GatewayState
from vizgate.gateway.watchdog.loop_watch import LoopWatch, watch_loop
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.health import Phase
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.client import ControlClient
from vizgate.transport.deadlines import TICK_S

if TYPE_CHECKING:
    from vizgate.gateway.asgi.application import AsgiApplication
    from vizgate.gateway.asgi.messages import Receive, Scope, Send


class Gateway:
    """A gateway, ready to be started.

    Use it with ``async with`` to serve on the configured addresses, or ``gateway.asgi`` under any ASGI server.

    Args: clock: where time comes from; the system's by default. registry: finds components by name. services: handlers
    that stand in for services of these names, for tests and rehearsals. membership: what whoever started it gives.
    Raises: PluginError, TlsFailed, RouteConflict, VizgateError: what the configuration names cannot be used.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        clock: Clock | None = None,
        registry: Registry | None = None,
        services: Mapping[str, Handler] | None = None,
        membership: Membership | None = None,
    ) -> None:
        metrics = Metrics(config.observe.metrics.buckets, version=__version__)
        self.state = GatewayState(metrics=metrics) if clock is None else GatewayState(clock=clock, metrics=metrics)
        self._client = ControlClient()
        self.state.calls = Calls(self._client)
        self.state.join(membership or Membership())
        self._present = Present(config, self.state, registry or Registry(BUILTIN), services or {})
        self._reloader = Reloader(self._present, self._swapped)
        self.state.health.reasons = self._unready
        show_targets(metrics, self._present.plan)
        show_sources(metrics, self._present.plan)
        self._public: PublicSite | None = None
        self._admin: AdminSite | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._loop_watch: LoopWatch | None = None
        self._agreement = agreement_of(self.state)
        self._asgi: AsgiApplication | None = None

    @classmethod
    def from_config(cls, config: GatewayConfig, *, clock: Clock | None = None) -> Self:
        """A gateway by *config*."""
        return cls(config, clock=clock)

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """A gateway by the YAML file *path*. Args: overrides: settings by dotted key, such as ``server.listen``.

        Modules beside the file can be named in ``use:``. Raises: ConfigError: with every problem of the file.
        """
        return cls.from_source(ConfigSource(path, overrides))

    @classmethod
    def from_source(cls, source: ConfigSource, given: Sequence[GivenSocket] = ()) -> Self:
        """A gateway by *source*, which ``reload`` reads again. Args: given: take the place of listeners.

        Raises: ConfigError: with every problem. GivenRefused: there are more sockets than listeners.
        """
        config = source.load()
        membership = Membership(SocketBox(arranged(given, config.server.listen)))
        gateway = cls(config, registry=source.registry, membership=membership)
        gateway._reloader.source = source  # of this very class
        return gateway

    @classmethod
    def from_text(cls, text: str, name: str = "<text>") -> Self:
        """A gateway by YAML *text*. Raises: ConfigError: with every problem, under *name*."""
        registry = Registry(BUILTIN)
        return cls(load_text(text, name, resolve=registry.resolve), registry=registry)

    @property
    def config(self) -> GatewayConfig:
        """What it serves by."""
        return self._present.config

    @property
    def plan(self) -> GatewayPlan:
        """``config``, compiled."""
        return self._present.plan()

    @property
    def source(self) -> ConfigSource | None:
        """Where the configuration can be read again; None where it cannot."""
        return self._reloader.source

    @property
    def reloads(self) -> ReloadRecord:
        """What became of reloads."""
        return self._reloader.record

    @property
    def renewal(self) -> CertificateRenewal:
        """What looks after the certificates of the listeners."""
        return self._present.doors.renewal

    def _audit_file(self) -> Path | None:
        return self.config.observe.audit_log.to

    def _server_config(self) -> ServerConfig:
        return self.config.server

    def _unready(self) -> Mapping[str, str]:
        return self._present.generation.plugins.unready()

    # start

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every part and listen.

        Raises: ListenFailed: an address cannot be listened on. StartFailed: a component or the access log failed.
        Nothing is left running then.
        """
        async with self._reloader.turn:
            try:
                await self._start_parts()
                await self.state.membership.before_serving()
                await self._listen()
            except BaseException:
                await self.stop(timeout_s=0.0)
                raise
        self.state.health.mark_ready()

    async def start_parts(self) -> None:
        """Start everything but the listeners, for a host that brings its own (ASGI, tests)."""
        async with self._reloader.turn:
            await self._start_parts()

    async def _start_parts(self) -> None:
        present = self._present
        self.state.begin()
        present.is_stopping = False
        present.sites.drain(wanted=False)
        present.sites.log = open_access_log(self.config.observe.access_log, self.state)
        present.sites.feeds = present.generation.plugins.feeds
        await present.generation.start()
        present.generation.begin()
        await self._agreement.start()
        self._loop_watch = watch_loop(self.config.observe.loop_lag, self.state)
        self._tick()
        present.is_started = True

    async def _listen(self) -> None:
        self._public = self.site()
        access = AdminAccess(self._server_config, self.state.clock)
        audit = AuditLog(self.state.clock, self._audit_file)
        api = AdminApi(self._present.endpoints, LocalOperator(self), access, self.state.clock, audit)
        self._admin = AdminSite(self.plan.server, self.state, api)
        await self._present.doors.open(self._public, self._admin)

    def _swapped(self) -> None:
        """Another configuration serves."""
        if self._admin is not None:
            self._admin.use(self.plan.server)
        if self._loop_watch is not None:
            self._loop_watch.stop()
            self._loop_watch = None
        if self.is_started:
            self._loop_watch = watch_loop(self.config.observe.loop_lag, self.state)

    def _tick(self) -> None:
        has_more = self.state.sweeper.sweep(self.state.clock.monotonic())
        self._ticker = asyncio.get_running_loop().call_later(0 if has_more else TICK_S, self._tick)

    # serve

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the gateway listens, once started; see ``Listener.address``."""
        return self._present.doors.addresses

    @property
    def urls(self) -> list[str]:
        """Where the gateway listens, once started, as people write it."""
        return self._present.doors.urls

    @property
    def admin_url(self) -> str | None:
        """Where the admin listener is, once started; None when it is off."""
        listener = self._present.doors.admin.listener
        return None if listener is None else url_of(listener)

    @property
    def admin_address(self) -> tuple[str, int] | None:
        """Where the admin listener is, once started; None when it is off."""
        listener = self._present.doors.admin.listener
        return None if listener is None else listener.address

    @property
    def is_started(self) -> bool:
        """Whether the parts are running."""
        return self._present.is_started

    def site(self, *observers: Callable[[ExchangeRecord], None]) -> PublicSite:
        """A way in for requests; to be asked for once the parts have started.

        Args: observers: are given every request's record, as the access log is.
        """
        return self._present.sites.open(self.plan, observers)

    @property
    def asgi(self) -> AsgiApplication:
        """The gateway as an ASGI application; the gateway itself is one, too."""
        if self._asgi is None:
            from vizgate.gateway.asgi.application import AsgiApplication

            self._asgi = AsgiApplication(self)
        return self._asgi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; see ``asgi``."""
        await self.asgi(scope, receive, send)

    async def handle(self, request: Request) -> Response:
        """The answer to *request* by the present plan, without any socket on the client's side.

        Raises: ClientGone: the client went away.
        """
        self._present.calls.add(request)
        try:
            return await dispatch(self.plan, request, self.state.clock)
        finally:
            self._present.calls.discard(request)

    def purge(self, *, url: str | None = None, tag: str | None = None) -> int:
        """Have caches forget every answer for *url*, or with *tag*; how many there were.

        Raises: ValueError: *url* is not absolute, or there is neither.
        """
        return purge_caches(self.state, url=url, tag=tag)

    def reopen_logs(self) -> None:
        """Have the access log begin a new file, after a rotation."""
        if self._present.sites.log is not None:
            self._present.sites.log.reopen()

    # reload

    async def reload(self, config: GatewayConfig | None = None, registry: Registry | None = None) -> None:
        """Serve by *config* from the next request on; without one, by what ``source`` says now.

        Who asks while a reload of the source runs gets the next one. Args: registry: finds components by name, as at
        first by default.
        Raises: VizgateError: it cannot be used, and nothing has changed; ConfigError has every problem, ReloadRefused
        says what only a restart can change.
        """
        await self._reloader.reload(config, registry)

    def build_inside(self, building: Callable[[], AbstractContextManager[None]]) -> None:
        """Have reloads make what is to stay inside of *building*, see ``gateway.process.building``."""
        self._reloader.building = building

    async def prepare(self, config: GatewayConfig, registry: Registry | None = None) -> PreparedReload:
        """*config* started beside what serves, which does not notice; to be committed or aborted.

        One at a time: another one waits until then. Raises: VizgateError: it cannot be used; nothing is left of it.
        """
        return await self._reloader.prepare(config, registry)

    # drain and stop

    def drain(self) -> None:
        """Ask for no more traffic: ``/readiness`` says 503 from now on, and every answer ends its connection. Whoever
        comes all the same is served, until ``stop``.
        """
        self.state.health.mark_draining()
        self._present.sites.drain()

    def withdraw(self, *, wanted: bool = True) -> None:
        """As ``drain``, but it can be taken back. Args: wanted: False asks for traffic again, unless it is stopping."""
        health = self.state.health
        health.is_withdrawn = wanted
        self._present.sites.drain(wanted=wanted or health.phase is Phase.DRAINING)

    async def stop(self, timeout_s: float | None = None) -> None:
        """Finish the requests in flight, then let go of everything; may be called at any time, also twice.

        First as ``drain``, for ``server.shutdown_delay``, so that whoever sends traffic hears of it; then the listeners
        close.

        Args: timeout_s: how long requests may go on; default ``server.shutdown_timeout``. With 0 nothing is waited for.
        """
        server = self.config.server
        self._present.is_stopping = True
        self.drain()
        if self._present.doors.is_open and timeout_s != 0 and server.shutdown_delay:
            await self.state.sleep(server.shutdown_delay)
        await self._reloader.stop()
        await self._present.doors.drain(self._public)
        self.state.membership.sockets.close()  # else what was given would still be listened on
        if self._public is not None:
            await finish(self._public, server.shutdown_timeout if timeout_s is None else timeout_s)
        await self._reloader.retirements.finish()
        await self._agreement.stop()
        await self._present.generation.end()
        await self._present.generation.stop()
        await self._present.doors.close_admin()
        await self._client.close()
        self.state.close_pools()
        if self._loop_watch is not None:
            self._loop_watch.stop()
            self._loop_watch = None
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        self._present.is_started = False
        log, self._present.sites.log = self._present.sites.log, None
        if log is not None:
            await asyncio.to_thread(log.close)

    def __repr__(self) -> str:
        where = ", ".join(f"{host}:{port}" for host, port in self.addresses)
        return f"<Gateway {where} [{len(self.config.routes)} routes, {len(self.config.services)} services]>"
