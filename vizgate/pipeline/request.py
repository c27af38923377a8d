"""The request as handlers and middleware see it.

In: ``Request``. Not in: how it was read (``wire``) or where it goes (``pipeline.forward``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from vizgate.errors import Termination
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.message.template import NO_FIELDS, FieldTemplate, field_lines
from vizgate.pipeline.body import EMPTY, Body

_NO_PARAMS: Mapping[str, Any] = {}


class Origin(NamedTuple):
    """What the requests of one client have in common as long as their heads are alike; see ``Request``."""

    template: FieldTemplate
    authority: str
    scheme: str
    client: str
    minor: int
    upgrade: bytes


class Request:
    """One request on its way through a gateway; created by the gateway, changed by middleware.

    ``method``: upper-case text. ``target``: path and query exactly as they came (``b"/a%20b?c"``); set it to change
    what is forwarded. ``authority``: host and port the client asked for. ``client``: IP address of the client, by the
    trust rules of ``server.trusted_proxies``. ``id``: the request id. ``route``: the name of the matched route, ""
    before routing. ``params``: path parameters, typed as the template says. ``body``: see ``pipeline.body``.
    ``identity``: who the client is, None as long as nobody has verified that.

    Args: headers: the fields; without it they are those of *template* and *own*, made when they are asked for.
    """

    # Class attributes, not slots: a request that never changes them does not pay for setting them.
    route = ""
    params: Mapping[str, Any] = _NO_PARAMS
    identity: Identity | None = None
    #: The verified certificate of the client, as ``ssl.SSLSocket.getpeercert`` tells it; None without one.
    peer_certificate: Mapping[str, Any] | None = None
    #: Monotonic seconds after which the whole exchange is given up (route ``timeout``); 0 means never.
    deadline_s = 0.0
    expects_continue = False
    #: Whether its answer may be given to others, too: nothing that is for one client alone must be added to it.
    is_shared = False
    #: What is to be told when the present attempt at a target has ended, and how.
    attempt_ended: Callable[[Termination], None] | None = None
    #: Whether it only asks if another request may be sent (a CORS preflight), of a route that answers such questions.
    is_preflight = False
    #: How an upstream's 1xx answers, status and field lines, reach the client; None where they cannot (HTTP/1.0, ASGI).
    relay_interim: Callable[[int, bytes], None] | None = None
    _state: dict[str, Any] | None = None
    _callbacks: list[Callable[[], None]] | None = None
    #: Whether ``take_callbacks`` would give any.
    has_callbacks = False

    def __init__(  # noqa: PLR0913  # a value object: all but three are named
        self,
        method: str,
        target: bytes,
        headers: Headers | None = None,
        *,
        template: FieldTemplate = NO_FIELDS,
        own: FieldTemplate = NO_FIELDS,
        authority: str = "",
        scheme: str = "http",
        client: str = "",
        id: str = "",  # noqa: A002  # the field's name for it
        minor: int = 1,
        body: Body = EMPTY,
        upgrade: bytes = b"",
    ) -> None:
        self.method = method
        self.target = target
        self._headers = headers
        self.template = template
        self.own = own
        self.authority = authority
        self.scheme = scheme
        self.client = client
        self.id = id
        self.minor = minor
        self.body = body
        self.upgrade = upgrade
        self.outcome = Outcome()

    @classmethod
    def of(
        cls,
        method: str,
        target: bytes,
        origin: Origin,
        own: FieldTemplate,
        id: str,  # noqa: A002  # as above
        body: Body,
    ) -> Request:
        """A request from *origin*: as the constructor, which costs twice as much because its arguments have names."""
        self = cls.__new__(cls)
        self.method = method
        self.target = target
        self._headers = None
        self.template, self.authority, self.scheme, self.client, self.minor, self.upgrade = origin
        self.own = own
        self.id = id
        self.body = body
        self.outcome = Outcome()
        return self

    @property
    def headers(self) -> Headers:
        """The end-to-end fields, which are also what will be forwarded."""
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers([*self.template.fields, *self.own.fields])
        return headers

    @property
    def has_headers(self) -> bool:
        """Whether the fields have been taken apart, so that somebody may have changed them."""
        return self._headers is not None

    def field_lines(self) -> bytes:
        """The fields as whole lines."""
        if self._headers is None:
            return self.template.lines + self.own.lines
        return field_lines(self._headers.raw)

    @property
    def path(self) -> str:
        """The path as it came, undecoded, without the query."""
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def query_string(self) -> str:
        """What follows the first ``?``, undecoded; "" when there is none."""
        return self.target.partition(b"?")[2].decode("latin-1")

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query as decoded pairs in order, parsed when asked for."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @property
    def state(self) -> dict[str, Any]:
        """A place where middleware of one request may leave things for each other."""
        if self._state is None:
            self._state = {}
        return self._state

    def limit_deadline(self, deadline_s: float) -> None:
        """Have the exchange given up at *deadline_s* (monotonic seconds) at the latest."""
        if self.deadline_s == 0.0 or deadline_s < self.deadline_s:
            self.deadline_s = deadline_s

    def on_complete(self, callback: Callable[[], None]) -> None:
        """Have *callback* run once when this request ends, however it ends; the last one added runs first."""
        if self._callbacks is None:
            self._callbacks = []
        self.has_callbacks = True
        self._callbacks.append(callback)

    def forget_callback(self, callback: Callable[[], None]) -> bool:
        """Have *callback*, which ``on_complete`` was given, not run; whether it would have."""
        if self._callbacks is None or callback not in self._callbacks:
            return False
        self._callbacks.remove(callback)
        if not self._callbacks:
            self._callbacks, self.has_callbacks = None, False
        return True

    def take_callbacks(self) -> list[Callable[[], None]]:
        """The callbacks that have not run, last added first; they are forgotten here, so none runs twice."""
        callbacks, self._callbacks = self._callbacks or [], None
        self.has_callbacks = False
        return callbacks[::-1]

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} [{self.route or 'unrouted'}]>"


class Outcome:
    """What the forwarder learned about an exchange, for the log and the metrics.

    ``upstream``: address of the last target tried. ``attempts``: targets tried. ``upstream_s``: seconds from the first
    attempt to the response head. ``termination``: how it ended, as far as is known.
    """

    service = ""
    upstream = ""
    attempts = 0
    upstream_s = 0.0
    termination = Termination.NORMAL
    #: Whether a fallback has answered in place of the service.
    is_substitute = False
