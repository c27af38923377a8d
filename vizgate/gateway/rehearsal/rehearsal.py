"""Serves requests in memory, for ``vizgate check`` and ``vizgate explain``.

In: ``Rehearsal``: a real plan, a real connection over a transport in memory, upstreams that only record. Not in: what
is made of the results (``cli``).

Nothing about a request is decided here: reading, routing, middleware, rewriting and writing are those of a gateway that
serves, so what a rehearsal tells cannot differ from what will happen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from vizgate.clock import SystemClock
from vizgate.config import GatewayConfig
from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, Context, Middleware
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.build import Stand, compile_plan
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.operations.vitals import LocalVitals
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.public import PublicSite
from vizgate.gateway.rehearsal.memory import MemoryTransport, RehearsalState
from vizgate.gateway.rehearsal.result import Rehearsed, SeenRequest, Step, UpstreamRequest
from vizgate.gateway.rehearsal.trace import traced
from vizgate.gateway.running.components import StartFailed, start_component, stop_component
from vizgate.gateway.running.held_plugins import HeldPlugins
from vizgate.message.headers import Field, Headers
from vizgate.message.identity import Identity
from vizgate.observe.exchange import ExchangeRecord
from vizgate.pipeline.handler import MiddlewareCall
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.store.memory import MemoryStore
from vizgate.transport.stream import Stream

# What urlsplit leaves in a path and may stand in a request line; the rest is encoded, as a browser does it.
_SAFE = "".join(map(chr, range(0x21, 0x7F)))
#: Where a request comes from unless it is said.
CLIENT = "127.0.0.1"
_MAX_ERRORS = 5
_PROBLEM = b"application/problem+json"


class RehearsalStuck(VizgateError):
    """A request had no answer after a long time: a middleware waits for something that does not come."""


class StandingClock:
    """A clock that does not move; it meets ``vizgate.clock.Clock``. Args: wall_s: seconds since the epoch."""

    __slots__ = ("_wall_s",)

    def __init__(self, wall_s: float) -> None:
        self._wall_s = wall_s

    def monotonic(self) -> float:
        """Always the same; not 0, which means "never" as a deadline."""
        return 1.0

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return self._wall_s


class Rehearsal:
    """A gateway in memory. Use it with ``async with``, which starts and stops the components; time stands still.

    Args: wall_s: the time of day, seconds since the epoch; default now. patience_s: real seconds that a request may
    take.
    Raises: VizgateError: what the configuration names cannot be used, see ``compile_plan``.
    """

    def __init__(
        self, config: GatewayConfig, registry: Registry, *, wall_s: float | None = None, patience_s: float = 10.0
    ) -> None:
        clock = StandingClock(SystemClock().wall() if wall_s is None else wall_s)
        # Counters in memory, whatever store the configuration names: a rehearsal reaches no network and leaves nothing.
        self._state = RehearsalState(clock=clock, store=MemoryStore(context=Context(clock=clock)))
        self._steps: list[Step] = []
        self._identity: Identity | None = None
        self._patience_s = patience_s
        self._builtins = {name for name, service in config.services.items() if service.builtin is not None}
        stand = Stand(watch=self._watch, identity=lambda: self._identity)
        compiled = compile_plan(config, StateDraft(self._state), registry, stand)
        compiled.draft.adopt()
        # Made, so that what is wrong with them is found, and never started.
        HeldPlugins.made(config, self._state, registry, self._state.store)
        #: What the requests are served by.
        self.plan: GatewayPlan = compiled.plan
        self._components = compiled.components
        self._started: list[Component] = []

    def _watch(self, use: str, middleware: Middleware) -> MiddlewareCall:
        return traced(use, middleware, self._steps)

    async def __aenter__(self) -> Self:
        try:
            for component in self._components:
                self._started.append(component)
                await start_component(component)
        except StartFailed:
            await self._stop()
            raise
        self._state.health.mark_ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for component in reversed(self._started):
            await stop_component(component)

    async def send(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]] = (),
        *,
        body: bytes = b"",
        identity: Identity | None = None,
        client: str = CLIENT,
    ) -> Rehearsed:
        """What becomes of a request.

        Args: url: absolute; its host is sent as Host unless *headers* has one. identity: stands in for a verified one;
        without it the request has to show a credential wherever one is asked for. client: the IP address that it comes
        from.
        Raises: ValueError: a header that cannot stand in a message. RehearsalStuck: no answer came.
        """
        scheme, data = request_bytes(method, url, Headers.of(headers), body)
        self._steps.clear()
        # Each request stands for itself: what the one before left in a cache must not answer it.
        self._state.kept.clear()
        self._identity = identity
        self._state.heard.clear()
        site = _RehearsalSite(self.plan, self._state, scheme)
        answer = bytearray()
        stream = Stream(asyncio.get_running_loop(), self._state.clock, self._state.sweeper)
        stream.connection_made(MemoryTransport(stream, answer.extend, client))
        site.accept(stream)
        stream.data_received(data)
        try:
            async with asyncio.timeout(self._patience_s):
                record = await site.completed
        except TimeoutError as exc:
            where = f" in middleware {self._steps[-1].use}" if self._steps else ""
            raise RehearsalStuck(f"no answer within {self._patience_s:g} s{where}") from exc
        finally:
            for connection in list(site.connections):
                connection.stop()
                await connection.wait_closed()
        return self._result(site, record, bytes(answer))

    def _result(self, site: _RehearsalSite, record: ExchangeRecord, answer: bytes) -> Rehearsed:
        fields, body = _split(answer)
        request = site.request
        return Rehearsed(
            status=record.status,
            detail=_detail(fields, body),
            route=record.route,
            service=record.service,
            params={} if request is None else dict(request.params),
            seen=site.seen,
            identity=None if request is None else request.identity,
            steps=tuple(self._steps),
            upstream=self._upstream(record.service, request),
            response_fields=fields,
        )

    def _upstream(self, service: str, request: Request | None) -> UpstreamRequest | None:
        if self._state.heard:
            return self._state.heard[-1]
        if service not in self._builtins or request is None:
            return None
        # A built-in service sees the request itself.
        return UpstreamRequest("", request.method, request.target.decode("latin-1"), tuple(request.headers.raw))


class _RehearsalSite(PublicSite):
    """The public site of one request, which it remembers."""

    def __init__(self, plan: GatewayPlan, state: RehearsalState, scheme: str) -> None:
        super().__init__(plan, state, Endpoints(LocalVitals(state, plan.unavailable)), self._completed)
        self.scheme = scheme
        self.completed: asyncio.Future[ExchangeRecord] = asyncio.get_running_loop().create_future()
        self.request: Request | None = None
        self.seen: SeenRequest | None = None

    def handle(self, request: Request) -> Awaitable[Response]:
        """See ``Site.handle``."""
        self.request = request
        headers = request.headers.copy()
        self.seen = SeenRequest(request.method, request.authority, request.target, headers, request.client)
        return super().handle(request)

    def _completed(self, record: ExchangeRecord) -> None:
        if not self.completed.done():
            self.completed.set_result(record)


def request_bytes(method: str, url: str, headers: Headers, body: bytes = b"") -> tuple[str, bytes]:
    """The scheme of *url*, and the request that a client with this *url* sends."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query or url.partition("#")[0].endswith("?") else ""
    lines = [f"{method} {path}{query} HTTP/1.1".encode("latin-1")]
    if "Host" not in headers:
        lines.append(b"Host: " + parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii"))
    lines += [name + b": " + value for name, value in headers.raw]
    if body and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        lines.append(b"Content-Length: %d" % len(body))
    return parts.scheme, b"\r\n".join([*lines, b"", body])


def _split(answer: bytes) -> tuple[tuple[Field, ...], bytes]:
    """Fields and body of the last message in *answer*; interim ones may stand before it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 1") and not head.startswith(b"HTTP/1.1 101"):
        head, _, body = body.partition(b"\r\n\r\n")
    fields = [line.partition(b": ")[::2] for line in head.split(b"\r\n")[1:]]
    return tuple(fields), body


def _detail(fields: tuple[Field, ...], body: bytes) -> str:
    if (b"Content-Type", _PROBLEM) not in fields or not body:
        return ""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    errors = [_error_text(error) for error in document.get("errors", ())[:_MAX_ERRORS]]
    return str(document.get("detail", "")) + "".join(f"; {error}" for error in errors)


def _error_text(error: dict[str, str]) -> str:
    """One member of ``errors``, as ``validate`` writes them: ``query limit: is required``."""
    where = f"{error.get('in', '')} {error.get('name', '')}{error.get('pointer', '')}"
    return f"{where.strip()}: {error.get('detail', '')}"
