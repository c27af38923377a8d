"""Every error vizgate raises: whose fault, at which stage, and whether trying again is safe.

In: the exception tree. Not in: how an error becomes an answer (``pipeline.replies``) or a log line (``observe``).
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Side(Enum):
    """The party an error is to be blamed on."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    LOCAL = "local"


class Stage(Enum):
    """The step of a request's life in which an error happened (see docs/life-of-a-request.md)."""

    READ_HEAD = "read_head"
    READ_BODY = "read_body"
    ROUTE = "route"
    MIDDLEWARE = "middleware"
    CONNECT = "connect"
    SEND_REQUEST = "send_request"
    READ_RESPONSE_HEAD = "read_response_head"
    RELAY_BODY = "relay_body"


class Termination(Enum):
    """Why an exchange ended the way it did: the ``termination`` field of the access log."""

    NORMAL = "-"
    LOCAL_ANSWER = "local"
    CLIENT_ABORT = "client_abort"
    CLIENT_TIMEOUT = "client_timeout"
    BAD_REQUEST = "bad_request"
    CONNECT_FAILURE = "connect_failure"
    UPSTREAM_RESET = "upstream_reset"
    UPSTREAM_INVALID = "upstream_invalid"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    CIRCUIT_OPEN = "circuit_open"
    OVERLOADED = "overloaded"
    FAULT = "fault"
    INTERNAL_ERROR = "internal_error"
    SHUTDOWN = "shutdown"


class VizgateError(Exception):
    """The root of everything vizgate raises on purpose."""


class UnitError(VizgateError, ValueError):
    """A duration, size, rate or share that cannot be read; the message says what would be."""


class CallFailed(VizgateError):
    """A call of the gateway's own had no usable answer; the message names the host and the reason, never a secret."""


class ExchangeError(VizgateError):
    """A request that could not be carried through.

    ``status`` is what the client is told if nothing was told yet; ``detail`` is safe to show to it.
    """

    status: ClassVar[int] = 500
    side: ClassVar[Side] = Side.LOCAL
    stage: ClassVar[Stage] = Stage.MIDDLEWARE
    termination: ClassVar[Termination] = Termination.INTERNAL_ERROR
    #: True when no byte of the request reached the upstream, so that another attempt cannot do a thing twice.
    nothing_sent: ClassVar[bool] = False
    #: Whole seconds after which trying again makes sense, which the client is told; 0 when nobody knows.
    retry_after_s = 0

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__name__)
        self.detail = detail


class Overloaded(ExchangeError):
    """There is no room for the request now, neither in its service nor in the gateway: 503."""

    status = 503
    termination = Termination.OVERLOADED
    nothing_sent = True

    def __init__(self, detail: str = "", retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class DownstreamError(ExchangeError):
    """The client sent something that cannot be served, or went away."""

    side = Side.DOWNSTREAM
    stage = Stage.READ_HEAD
    termination = Termination.BAD_REQUEST
    status = 400


class BadRequest(DownstreamError):
    """Malformed or ambiguous framing, head or target: 400."""


class TargetTooLong(DownstreamError):
    """The request line alone is over ``limits.head``: 414 (RFC 9110 15.5.15)."""

    status = 414


class HeadTooLarge(DownstreamError):
    """The head is over ``limits.head`` or has more than ``limits.headers`` fields: 431 (RFC 6585 5)."""

    status = 431


class MethodNotImplemented(DownstreamError):
    """A method this gateway does not know or never forwards: 501 (RFC 9110 15.6.2)."""

    status = 501


class VersionNotSupported(DownstreamError):
    """A well-formed HTTP version other than 1.0 and 1.1: 505 (RFC 9110 15.6.6)."""

    status = 505


class ExpectationFailed(DownstreamError):
    """An ``Expect`` value other than ``100-continue``: 417 (RFC 9110 10.1.1)."""

    status = 417


class BodyTooLarge(DownstreamError):
    """The request body is over its limit: 413 (RFC 9110 15.5.14)."""

    status = 413
    stage = Stage.READ_BODY


class BodyNeedsRoom(DownstreamError):
    """The request body would take up more memory than there is for such bodies at present: 503."""

    status = 503
    stage = Stage.READ_BODY
    termination = Termination.OVERLOADED
    retry_after_s = 1


class BadBody(DownstreamError):
    """The request body breaks its framing: 400, and the upstream sees an incomplete request."""

    stage = Stage.READ_BODY


class RequestTimedOut(DownstreamError):
    """The client sent its head or its body too slowly: 408 (RFC 9110 15.5.9)."""

    status = 408
    termination = Termination.CLIENT_TIMEOUT


class ClientGone(DownstreamError):
    """The client closed or reset the connection; 499 stands in the log, nothing can be told."""

    status = 499
    stage = Stage.RELAY_BODY
    termination = Termination.CLIENT_ABORT


class ConnectionDropped(ClientGone):
    """Nobody is to be answered: the connection is reset, as a configured fault asks for it."""

    stage = Stage.MIDDLEWARE
    termination = Termination.FAULT


class UpstreamError(ExchangeError):
    """The service side failed."""

    side = Side.UPSTREAM
    stage = Stage.READ_RESPONSE_HEAD
    termination = Termination.UPSTREAM_INVALID
    status = 502


class NoTarget(UpstreamError):
    """The service has no target that may be tried: 503."""

    status = 503
    stage = Stage.CONNECT
    termination = Termination.CONNECT_FAILURE
    nothing_sent = True


class CircuitOpen(NoTarget):
    """A circuit breaker lets nothing through for now: 503."""

    termination = Termination.CIRCUIT_OPEN

    def __init__(self, detail: str = "", retry_after_s: int = 0) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ConnectFailed(UpstreamError):
    """No connection to a target: refused, unreachable, TLS handshake or ``timeouts.connect``: 502."""

    stage = Stage.CONNECT
    termination = Termination.CONNECT_FAILURE
    nothing_sent = True


class StaleConnection(UpstreamError):
    """A pooled connection was closed by the upstream before any byte of an answer.

    Whether the request may be sent once more depends on the request (RFC 9110 9.2.2, RFC 9112 9.3.1).
    """

    stage = Stage.SEND_REQUEST
    termination = Termination.UPSTREAM_RESET


class UpstreamReset(UpstreamError):
    """The upstream closed the connection before or inside its answer: 502, or an abort if the head was relayed."""

    termination = Termination.UPSTREAM_RESET


class InvalidResponse(UpstreamError):
    """The upstream's answer is not a response this gateway could relay safely: 502."""


class ResponseTimedOut(UpstreamError):
    """The upstream did not answer in ``timeouts.response``, or stalled longer than ``timeouts.idle``: 504."""

    status = 504
    termination = Termination.UPSTREAM_TIMEOUT
