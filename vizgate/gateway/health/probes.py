"""Probes over the wire.

In: what meets ``pipeline.ports.ProbePort``. Not in: when a target is probed, and what follows (``health``).
"""

from __future__ import annotations

from dataclasses import replace

from vizgate.gateway.http1.target import Http1Target
from vizgate.gateway.http1.target_context import TargetSettings, UpstreamTimeouts, WireTools
from vizgate.gateway.state import GatewayState
from vizgate.health.config import ActiveConfig
from vizgate.message.headers import Field, Headers
from vizgate.observe.metrics import TargetCells
from vizgate.pipeline.body import Body
from vizgate.pipeline.ports import ProbeAnswer, ProbePort, TargetPort
from vizgate.pipeline.request import Request
from vizgate.transport.pool import Endpoint, PoolLimits, TargetPool
from vizgate.wire.limits import WireLimits

# Each probe has a connection of its own: one that was kept would go on answering where no new one gets in.
_NONE_KEPT = PoolLimits(max_idle=0)
_OWN_FIELDS: tuple[Field, ...] = ((b"User-Agent", b"vizgate-probe"), (b"Accept", b"*/*"))


class ProbeMaker:
    """Makes probes that share *state*, *limits* and *tools* with the requests of clients, and no connections."""

    def __init__(self, state: GatewayState, limits: WireLimits, tools: WireTools) -> None:
        self._state = state
        self._limits = limits
        self._tools = tools

    def make(self, active: ActiveConfig, endpoint: Endpoint, host: str) -> ProbePort:
        """What probes *endpoint* as *active* says, with TLS if its requests have it. Args: host: its own name."""
        if active.port is not None:
            endpoint = replace(endpoint, port=active.port)
        state = self._state
        pool = TargetPool(endpoint, _NONE_KEPT, state.clock, state.sweeper, state.resolver)
        if active.kind == "tcp":
            return TcpProbe(pool, active.timeout)
        timeouts = UpstreamTimeouts(connect_s=active.timeout, response_s=0.0, idle_s=0.0)
        settings = TargetSettings(str(endpoint), None, timeouts, self._limits)
        # Cells that nobody exposes: a probe is no request of a client.
        target = Http1Target(settings, pool, TargetCells(()), self._tools)
        return HttpProbe(target, active, active.host or host, self._tools)


class TcpProbe:
    """Connects, TLS handshake included, and hangs up."""

    def __init__(self, pool: TargetPool, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    async def probe(self) -> ProbeAnswer:
        """See ``ProbePort.probe``."""
        stream = await self._pool.connect(self._timeout_s)
        stream.close()
        return ProbeAnswer()

    def __repr__(self) -> str:
        return f"<TcpProbe of {self._pool.endpoint}>"


class HttpProbe:
    """Sends one request, and reads of its answer what is asked about."""

    def __init__(self, target: TargetPort, active: ActiveConfig, host: str, tools: WireTools) -> None:
        self._target = target
        self._method = active.method
        self._path = active.path.encode("ascii")
        self._fields: tuple[Field, ...] = ((b"Host", host.encode("ascii")), *_OWN_FIELDS)
        self._timeout_s = active.timeout
        self._read_bytes = active.read_limit if active.body is not None else 0
        self._clock = tools.clock

    async def probe(self) -> ProbeAnswer:
        """See ``ProbePort.probe``; the timeout is over everything, the part of the body that is read included."""
        request = Request(self._method, self._path, Headers(list(self._fields)))
        request.deadline_s = self._clock.monotonic() + self._timeout_s
        try:
            response = await self._target.exchange(request)
            return ProbeAnswer(response.status, await self._beginning(response.body))
        finally:
            # What of the body nobody reads is given up, and its connection with it.
            for callback in request.take_callbacks():
                callback()

    async def _beginning(self, body: Body) -> bytes:
        data = bytearray()
        if self._read_bytes:
            async for chunk in body:
                data += chunk
                if len(data) >= self._read_bytes:
                    break
        return bytes(data[: self._read_bytes])

    def __repr__(self) -> str:
        return f"<HttpProbe {self._method} {self._path.decode()} at {self._target.address}>"
