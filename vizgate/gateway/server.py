"""The gateway as one object: load, compile, provision, serve, drain.

In: ``Gateway``. Not in: the command line (``cli``), compiling (``gateway.build``).
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vizgate._version import __version__
from vizgate.clock import Clock
from vizgate.config import GatewayConfig, load_config, load_text
from vizgate.config.model import Address
from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, Context
from vizgate.extension.registry import Registry, kind_of
from vizgate.gateway.admin.access import admin_access
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.site import AdminSite
from vizgate.gateway.build import compile_plan
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.calls import Calls
from vizgate.gateway.dispatch import dispatch
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.health.gauges import show_targets
from vizgate.gateway.listening.listeners import admin_listener, entrances_of
from vizgate.gateway.listening.renewal import CertificateRenewal
from vizgate.gateway.listening.ways import way_of
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.operations.vitals import LocalVitals
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.public import PublicSite
from vizgate.gateway.purging import purge_caches
from vizgate.gateway.state import GatewayState
from vizgate.observe.access_log import AccessLog, CombinedFormat, JsonFormat, SinkError, open_sink
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.store.build import build_store
from vizgate.transport.client import ControlClient
from vizgate.transport.deadlines import TICK_S
from vizgate.transport.listener import Listener

if TYPE_CHECKING:
    from vizgate.gateway.asgi.application import AsgiApplication
    from vizgate.gateway.asgi.messages import Receive, Scope, Send

_log = logging.getLogger("vizgate.gateway")

# A stop waits as long for connections that are just being made: who has had an answer to his SYN sends his request.
_HANDSHAKE_S = 0.05


class StartFailed(VizgateError):
    """A part of the gateway could not start; the message names it."""


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
        self.config = config
        metrics = Metrics(config.observe.metrics.buckets, version=__version__)
        self.state = GatewayState(metrics=metrics) if clock is None else GatewayState(clock=clock, metrics=metrics)
        self._client = ControlClient()
        self.state.calls = Calls(self._client)
        registry = registry or Registry(BUILTIN)
        state = self.state
        context = Context(name="store", clock=state.clock, random=state.random, metrics=metrics)
        state.store = store = build_store(config.store, context, registry)
        compiled = compile_plan(config, self.state, registry, services=services)
        self.plan = compiled.plan
        self._store = store
        self._components = compiled.components
        self._started: list[Component] = []
        self._endpoints = Endpoints(LocalVitals(self.state, self._unavailable))
        show_targets(metrics, self._present_plan)
        self._access_log: AccessLog | None = None
        self._public: PublicSite | None = None
        self._admin: AdminSite | None = None
        self._entrances = entrances_of(config)
        self.renewal = CertificateRenewal(self._entrances, state.clock, metrics)
        admin = config.server.admin
        self._admin_listener = None if admin is None else admin_listener(admin)
        self._ticker: asyncio.TimerHandle | None = None
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
        add_to_path(Path(path).resolve().parent)
        registry = Registry(BUILTIN)
        return cls(load_config(path, overrides=overrides, resolve=registry.resolve), registry=registry)

    @classmethod
    def from_text(cls, text: str, name: str = "<text>") -> Self:
        """A gateway by YAML *text*. Raises: ConfigError: with every problem, under *name*."""
        registry = Registry(BUILTIN)
        return cls(load_text(text, name, resolve=registry.resolve), registry=registry)

    # What asks for it at any time must get the plan of that time.
    def _present_plan(self) -> GatewayPlan:
        return self.plan

    def _unavailable(self) -> list[str]:
        return self.plan.unavailable()

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
        self._open_access_log()
        # The others lean on the store: it starts first and stops last.
        for component in (self._store, *self._components):
            self._started.append(component)  # before it starts: stop() runs even when start() failed
            try:
                await component.start()
            except Exception as exc:
                raise StartFailed(
                    f"{kind_of(type(component))} {type(component).__qualname__} failed to start: {exc}"
                ) from exc
        self._tick()

    async def _listen(self) -> None:
        state = self.state
        self._public = self.site()
        for entrance in self._entrances:
            way = way_of(entrance, self._public)
            await entrance.listener.open(state.clock, state.sweeper, way, self._public)
        self.renewal.start()
        if self._admin_listener is not None:
            access = admin_access(self.config.server, state.clock)
            api = AdminApi(self._endpoints, LocalOperator(self), access, state.clock)
            self._admin = AdminSite(self.plan.server, state, api)
            await self._admin_listener.open(state.clock, state.sweeper, self._admin.accept)

    def _open_access_log(self) -> None:
        settings = self.config.observe.access_log
        if settings.format == "off":
            return
        try:
            sink = open_sink(settings.to)
        except SinkError as exc:
            raise StartFailed(f"observe.access_log.to: {exc}") from exc
        line = JsonFormat() if settings.format == "json" else CombinedFormat()
        self._access_log = AccessLog(line, sink, settings.sample, self.state.random, self.state.metrics.access_log)

    def _tick(self) -> None:
        has_more = self.state.sweeper.sweep(self.state.clock.monotonic())
        self._ticker = asyncio.get_running_loop().call_later(0 if has_more else TICK_S, self._tick)

    # serve

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the gateway listens, once started; see ``Listener.address``."""
        return [entrance.listener.address for entrance in self._entrances]

    @property
    def urls(self) -> list[str]:
        """Where the gateway listens, once started, as people write it."""
        return [_url_of(entrance.listener) for entrance in self._entrances]

    @property
    def admin_url(self) -> str | None:
        """Where the admin listener is, once started; None when it is off."""
        return None if self._admin_listener is None else _url_of(self._admin_listener)

    @property
    def admin_address(self) -> tuple[str, int] | None:
        """Where the admin listener is, once started; None when it is off."""
        return None if self._admin_listener is None else self._admin_listener.address

    @property
    def is_started(self) -> bool:
        """Whether the parts are running."""
        return self._ticker is not None

    def site(self, *observers: Callable[[ExchangeRecord], None]) -> PublicSite:
        """A way in for requests; to be asked for once the parts have started.

        Args: observers: are given every request's record, as the access log is.
        """
        log = [] if self._access_log is None else [self._access_log.append]
        return PublicSite(self.plan, self.state, self._endpoints, _each([*log, *observers]))

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
        # Where nobody is connected nobody is connecting, as far as anybody can tell.
        public = self._public
        handshake_s = _HANDSHAKE_S if public is not None and (public.connections or public.arriving) else 0.0
        await self.renewal.stop()
        for entrance in self._entrances:
            await entrance.listener.drain(handshake_s)
        if self._public is not None:
            await self._drain(self._public, self.config.server.shutdown_timeout if timeout_s is None else timeout_s)
        started, self._started = self._started, []
        for component in reversed(started):
            try:
                await component.stop()
            except Exception:  # noqa: BLE001  # the others must be stopped, too
                _log.exception("%s %s failed to stop", kind_of(type(component)), type(component).__qualname__)
        await self._stop_admin()
        await self._client.close()
        self.state.close_pools()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        if self._access_log is not None:
            access_log, self._access_log = self._access_log, None
            await asyncio.to_thread(access_log.close)

    async def _drain(self, site: PublicSite, timeout_s: float) -> None:
        for connection in list(site.connections):
            connection.drain()
        tasks = [asyncio.ensure_future(connection.wait_closed()) for connection in site.connections]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        remaining = list(site.connections)
        if remaining and timeout_s:
            _log.warning("%d connections cut after %g s", len(remaining), timeout_s)
        for connection in remaining:
            connection.stop()
        if tasks:
            await asyncio.wait(tasks)

    async def _stop_admin(self) -> None:
        if self._admin_listener is not None:
            self._admin_listener.close()
        if self._admin is not None:
            for connection in list(self._admin.connections):
                connection.stop()
                await connection.wait_closed()

    def __repr__(self) -> str:
        where = ", ".join(f"{host}:{port}" for host, port in self.addresses)
        return f"<Gateway {where} [{len(self.config.routes)} routes, {len(self.config.services)} services]>"


def _url_of(listener: Listener) -> str:
    host, port = listener.address
    return f"{listener.scheme}://{host if listener.unix is not None else Address(host, port)}"


def _each(takers: list[Callable[[ExchangeRecord], None]]) -> Callable[[ExchangeRecord], None] | None:
    if len(takers) <= 1:
        return takers[0] if takers else None

    def take(record: ExchangeRecord) -> None:
        for taker in takers:
            taker(record)

    return take


def add_to_path(folder: Path) -> None:
    """Let ``use: module:Class`` find modules in *folder*."""
    # At the end: a user's "yaml.py" must not stand in for the library.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
