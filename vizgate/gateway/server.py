"""The gateway as one object: start, serve, drain, stop.

In: ``Gateway``. Not in: the command line (``cli``), compiling (``gateway.build``), what was compiled as it runs
(``gateway.running``), listeners (``gateway.listening``).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vizgate._version import __version__
from vizgate.clock import Clock
from vizgate.config import GatewayConfig, load_config, load_text
from vizgate.extension.registry import Registry
from vizgate.gateway.admin.access import admin_access
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.build import Stand, compile_plan
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.calls import Calls
from vizgate.gateway.dispatch import dispatch
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.health.gauges import show_targets
from vizgate.gateway.listening.doors import Doors, url_of
from vizgate.gateway.listening.renewal import CertificateRenewal
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.operations.vitals import LocalVitals
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.public import PublicSite
from vizgate.gateway.purging import purge_caches
from vizgate.gateway.running.farewell import finish
from vizgate.gateway.running.generation import Generation
from vizgate.gateway.running.held_plugins import HeldPlugins
from vizgate.gateway.running.held_store import HeldStore
from vizgate.gateway.running.records import each, open_access_log
from vizgate.gateway.service_parts.agreement import agreement_of
from vizgate.gateway.state import GatewayState
from vizgate.gateway.watchdog.loop_watch import LoopWatch, watch_loop
from vizgate.observe.access_log import AccessLog
from vizgate.observe.exchange import ExchangeRecord
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
    that stand in for services of these names, for tests and rehearsals.
    Raises: PluginError, TlsFailed, RouteConflict, VizgateError: what the configuration names cannot be used.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        clock: Clock | None = None,
        registry: Registry | None = None,
        services: Mapping[str, Handler] | None = None,
    ) -> None:
        metrics = Metrics(config.observe.metrics.buckets, version=__version__)
        self.state = GatewayState(metrics=metrics) if clock is None else GatewayState(clock=clock, metrics=metrics)
        self._client = ControlClient()
        self.state.calls = Calls(self._client)
        self._services: Mapping[str, Handler] = services or {}
        self._generation = self._generation_of(config, registry or Registry(BUILTIN))
        self._generation.adopt()
        self._doors = Doors(config, self.state)
        self.state.health.reasons = self._unready
        self._endpoints = Endpoints(LocalVitals(self.state, self._unavailable))
        show_targets(metrics, self._present_plan)
        self._access_log: AccessLog | None = None
        self._public: PublicSite | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._loop_watch: LoopWatch | None = None
        self._agreement = agreement_of(self.state)
        self._asgi: AsgiApplication | None = None

    def _generation_of(self, config: GatewayConfig, registry: Registry) -> Generation:
        """*config* compiled, nothing of it started. Raises: PluginError, TlsFailed, RouteConflict, VizgateError."""
        state = self.state
        held = HeldStore.made(config.store, state, registry)
        draft = StateDraft(state)
        draft.store = held.store
        stand = Stand(services=self._services)
        plugins = HeldPlugins.made(config, state, registry, held.store)
        return Generation(config, compile_plan(config, draft, registry, stand), held, plugins)

    @classmethod
    def from_config(cls, config: GatewayConfig, *, clock: Clock | None = None) -> Self:
        """A gateway by *config*."""
        return cls(config, clock=clock)

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """A gateway by the YAML file *path*. Args: overrides: settings by dotted key, such as ``server.listen``.

        Modules beside the file can be named in ``use:``. Raises: ConfigError: with every problem of the file.
        """
        add_to_path(Path(path).resolve().parent)
        registry = Registry(BUILTIN)
        return cls(load_config(path, overrides=overrides, resolve=registry.resolve), registry=registry)

    @classmethod
    def from_text(cls, text: str, name: str = "<text>") -> Self:
        """A gateway by YAML *text*. Raises: ConfigError: with every problem, under *name*."""
        registry = Registry(BUILTIN)
        return cls(load_text(text, name, resolve=registry.resolve), registry=registry)

    @property
    def config(self) -> GatewayConfig:
        """What it serves by."""
        return self._generation.config

    @property
    def plan(self) -> GatewayPlan:
        """``config``, compiled."""
        return self._generation.plan

    @property
    def renewal(self) -> CertificateRenewal:
        """What looks after the certificates of the listeners."""
        return self._doors.renewal

    # What asks for it at any time must get the plan of that time.
    def _present_plan(self) -> GatewayPlan:
        return self.plan

    def _unavailable(self) -> list[str]:
        return self.plan.unavailable()

    def _unready(self) -> Mapping[str, str]:
        return self._generation.plugins.unready()

    def _feed_sinks(self, record: ExchangeRecord) -> None:
        self._generation.plugins.take(record)

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
        try:
            await self.start_parts()
            await self._listen()
        except BaseException:
            await self.stop(timeout_s=0.0)
            raise
        self.state.health.mark_ready()

    async def start_parts(self) -> None:
        """Start everything but the listeners, for a host that brings its own (ASGI, tests)."""
        self.state.begin()
        self._access_log = open_access_log(self.config.observe.access_log, self.state)
        await self._generation.start()
        self._generation.begin()
        await self._agreement.start()
        self._loop_watch = watch_loop(self.config.observe.loop_lag, self.state)
        self._tick()

    async def _listen(self) -> None:
        self._public = self.site()
        access = admin_access(self.config.server, self.state.clock)
        api = AdminApi(self._endpoints, LocalOperator(self), access, self.state.clock)
        await self._doors.open(self._public, AdminSite(self.plan.server, self.state, api))

    def _tick(self) -> None:
        has_more = self.state.sweeper.sweep(self.state.clock.monotonic())
        self._ticker = asyncio.get_running_loop().call_later(0 if has_more else TICK_S, self._tick)

    # serve

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the gateway listens, once started; see ``Listener.address``."""
        return self._doors.addresses

    @property
    def urls(self) -> list[str]:
        """Where the gateway listens, once started, as people write it."""
        return self._doors.urls

    @property
    def admin_url(self) -> str | None:
        """Where the admin listener is, once started; None when it is off."""
        return None if self._doors.admin is None else url_of(self._doors.admin)

    @property
    def admin_address(self) -> tuple[str, int] | None:
        """Where the admin listener is, once started; None when it is off."""
        return None if self._doors.admin is None else self._doors.admin.address

    @property
    def is_started(self) -> bool:
        """Whether the parts are running."""
        return self._ticker is not None

    def site(self, *observers: Callable[[ExchangeRecord], None]) -> PublicSite:
        """A way in for requests; to be asked for once the parts have started.

        Args: observers: are given every request's record, as the access log is.
        """
        log = [] if self._access_log is None else [self._access_log.append]
        sinks = [self._feed_sinks] if self._generation.plugins.feeds else []
        return PublicSite(self.plan, self.state, self._endpoints, each([*log, *sinks, *observers]))

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
        return await dispatch(self.plan, request, self.state.clock)

    def purge(self, *, url: str | None = None, tag: str | None = None) -> int:
        """Have caches forget every answer for *url*, or with *tag*; how many there were.

        Raises: ValueError: *url* is not absolute, or there is neither.
        """
        return purge_caches(self.state, url=url, tag=tag)

    def reopen_logs(self) -> None:
        """Have the access log begin a new file, after a rotation."""
        if self._access_log is not None:
            self._access_log.reopen()

    # drain and stop

    async def stop(self, timeout_s: float | None = None) -> None:
        """Finish the requests in flight, then let go of everything; may be called at any time, also twice.

        Args: timeout_s: how long requests may go on; default ``server.shutdown_timeout``.
        """
        self.state.health.mark_draining()
        if self._public is not None:
            self._public.is_draining = True
        await self._doors.drain(self._public)
        if self._public is not None:
            await finish(self._public, self.config.server.shutdown_timeout if timeout_s is None else timeout_s)
        await self._agreement.stop()
        await self._generation.end()
        await self._generation.stop()
        await self._doors.close_admin()
        await self._client.close()
        self.state.close_pools()
        if self._loop_watch is not None:
            self._loop_watch.stop()
            self._loop_watch = None
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        if self._access_log is not None:
            access_log, self._access_log = self._access_log, None
            await asyncio.to_thread(access_log.close)

    def __repr__(self) -> str:
        where = ", ".join(f"{host}:{port}" for host, port in self.addresses)
        return f"<Gateway {where} [{len(self.config.routes)} routes, {len(self.config.services)} services]>"


def add_to_path(folder: Path) -> None:
    """Let ``use: module:Class`` find modules in *folder*."""
    # At the end: a user's "yaml.py" must not stand in for the library.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
