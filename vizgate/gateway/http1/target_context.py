"""What every attempt at one target goes by.

In: ``TargetContext`` and its settings. Not in: an attempt (``gateway.http1.exchange``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.clock import Clock
from vizgate.errors import ExchangeError, Termination
from vizgate.message.heads import ResponseHead
from vizgate.message.template import FieldTemplate, field_lines
from vizgate.observe.date import HttpDate
from vizgate.observe.metrics import TargetCells
from vizgate.pipeline.attempt import AttemptEnded
from vizgate.pipeline.request import Request
from vizgate.transport.pool import PooledStream, TargetPool
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.response import HeadMemo, ResponseReader


@dataclass(frozen=True, slots=True)
class UpstreamTimeouts:
    """How long an upstream may take, in seconds; ``idle_s`` is the longest gap inside a body or a tunnel."""

    connect_s: float = 2.0
    response_s: float = 15.0
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What a target's exchanges go by. ``host``: the Host to send, None to send the client's."""

    address: str
    host: bytes | None
    timeouts: UpstreamTimeouts
    limits: WireLimits


@dataclass(frozen=True, slots=True)
class WireTools:
    """What all targets of a plan share."""

    codec: HeadCodec
    sorter: FieldSorter
    clock: Clock
    date: HttpDate


class TargetContext:
    """A target's address, connections, settings and numbers."""

    __slots__ = (
        "_host",
        "_memo",
        "_own_host",
        "_tools",
        "address",
        "cells",
        "clock",
        "date",
        "limits",
        "pool",
        "timeouts",
    )

    def __init__(self, settings: TargetSettings, pool: TargetPool, cells: TargetCells, tools: WireTools) -> None:
        self.address = settings.address
        self.timeouts = settings.timeouts
        self.limits = settings.limits
        self.pool = pool
        self.cells = cells
        self.clock = tools.clock
        self.date = tools.date
        self._tools = tools
        self._host = settings.host
        # A Unix socket has no name that a Host field could hold.
        self._own_host = b"localhost" if self.address.startswith("unix:") else self.address.encode("latin-1")
        self._memo = HeadMemo()

    def new_reader(self) -> ResponseReader:
        """A reader for a fresh connection."""
        return ResponseReader(self._tools.codec, self.limits, self._tools.sorter, self._memo)

    def lines_of(self, request: Request) -> bytes:
        """The fields to send as whole lines: the request's own, with Host as ``host_header`` says."""
        if self._host is None and request.minor:
            return request.field_lines()
        host = self._host
        if host is None:
            # RFC 9112 3.2: a client MUST send Host in every HTTP/1.1 request, and this one goes out as such.
            host = request.headers.get_bytes(b"host") or self._own_host
        fields = [field for field in request.headers.raw if field[0].lower() != b"host"]
        return field_lines([(b"Host", host), *fields])

    def template_of(self, head: ResponseHead) -> FieldTemplate:
        """The fields of the answer that begins with *head*."""
        template = head.template
        if head.has_date:
            return template
        # RFC 9110 6.6.1: "A recipient with a clock that receives a response message without a Date header field
        # MUST record the time it was received and append a corresponding Date header field".
        return FieldTemplate((*template.fields, (b"Date", self.date.value())))

    def give_up(self, stream: PooledStream, tell_ended: AttemptEnded | None, error: BaseException) -> None:
        """The end of an attempt that *error* broke off; *tell_ended* is told."""
        stream.abort()
        termination = error.termination if isinstance(error, ExchangeError) else Termination.CLIENT_ABORT
        self.cells.end(termination)
        if tell_ended is not None:
            tell_ended(termination)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address} {self.pool!r}>"
