"""What requests of one connection have in common when their heads do.

In: ``KnownHead``. Not in: reading heads (``wire.request``) and serving (``gateway.http1.connection``).
"""

from __future__ import annotations

from vizgate.gateway.http1.reply import ReplyWriter
from vizgate.message.forwarding import PeerForwarding
from vizgate.message.headers import Headers
from vizgate.message.heads import RequestShape
from vizgate.message.template import NO_FIELDS, FieldTemplate
from vizgate.observe.exchange import ExchangeRecord
from vizgate.pipeline.request import Origin, Request

_NOWHERE = Origin(NO_FIELDS, "", "", "", 1, b"")


class KnownHead:
    """What follows from the shape of a head and from *peer*, kept for the requests that share it.

    ``origin``: what a request begins with. ``user_agent``, ``referer``: for the log, empty where nobody logs.
    """

    __slots__ = ("_added", "_client", "_scheme", "origin", "peer", "referer", "shape", "user_agent")

    def __init__(self, peer: PeerForwarding) -> None:
        self.peer = peer
        self.shape: RequestShape | None = None
        self.origin = _NOWHERE
        #: What the gateway tells the upstream about the way of the requests that share ``shape``.
        self._added = NO_FIELDS
        self._client = self._scheme = ""
        self.user_agent = self.referer = b""

    def learn(self, shape: RequestShape, *, is_logged: bool) -> None:
        """Take what follows from *shape*."""
        last, self.shape = self.shape, shape
        if last is None or last.way != shape.way:
            provenance = self.peer.provenance(shape.asserted, shape.authority, shape.minor)
            self._added = FieldTemplate(provenance.fields)
            self._client, self._scheme = provenance.client, provenance.scheme
        authority = shape.authority.decode("latin-1")
        template = shape.template + self._added
        self.origin = Origin(template, authority, self._scheme, self._client, shape.minor, shape.upgrade)
        if is_logged:
            fields = Headers(shape.fields)
            self.user_agent = fields.get_bytes(b"user-agent") or b""
            self.referer = fields.get_bytes(b"referer") or b""

    def record(
        self, request: Request, target: bytes, reply: ReplyWriter, times: tuple[float, float], bytes_in: int
    ) -> ExchangeRecord:
        """What the log is told of *request*, which has ended.

        Args: target: what the client asked for. times: when the request came, in seconds since the epoch, and how long
        it took.
        """
        outcome = request.outcome
        return ExchangeRecord(
            *times,
            request.method,
            target,
            request.minor,
            request.authority,
            request.scheme,
            request.client,
            self.peer.peer,
            request.id,
            request.route,
            outcome.service,
            outcome.upstream,
            outcome.attempts,
            outcome.upstream_s,
            reply.status or 499,
            bytes_in,
            reply.bytes_out,
            outcome.termination,
            self.user_agent,
            self.referer,
            "" if request.identity is None else request.identity.user,
        )

    def forget(self) -> None:
        """What comes next shares nothing with what came."""
        self.shape = None
        self.user_agent = self.referer = b""

    def __repr__(self) -> str:
        return f"<KnownHead of {self.peer.peer}>"
