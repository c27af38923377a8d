"""``use: csrf``.

In: ``Csrf``. Not in: the rules (``access.csrf.source``, ``access.csrf.token``).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Iterable, Mapping
from typing import ClassVar

from vizgate.access.csrf.config import CsrfConfig, CsrfTokenConfig
from vizgate.access.csrf.source import Source, SourceRules
from vizgate.access.csrf.token import TokenSigner
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Field, Headers
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

# RFC 9110 9.2.1.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Csrf(Middleware):
    """Answers 403 to requests that change something, carry a login cookie and were not sent by a page that may.

    A WebSocket is opened with GET, but whoever opens it can send: it must come from a page that may, too. A page cannot
    add fields to it, so no token is asked for.
    """

    Config: ClassVar[type[ComponentConfig]] = CsrfConfig

    def __init__(self, config: CsrfConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._sources = SourceRules(config.origins)
        self._names = frozenset(name.encode("ascii") for name in config.cookies)
        self._tokens = None if config.token is None else _Tokens(config.token, self.context)

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request* or refuse it."""
        is_safe = request.method in _SAFE and not request.upgrade
        if is_safe and self._tokens is None:
            return forward(request)
        cookies = read_cookies(request.headers.raw)
        session = b"\0".join(b"%b=%b" % (name, cookies[name]) for name in sorted(self._names & cookies.keys()))
        if not session:
            return forward(request)
        if is_safe:
            return self._renewing(request, forward, cookies, session)
        if not self._sources.allows(_source(request.headers), request.scheme, request.authority):
            return _refuse(request, "this request was not sent by a page that may send it")
        tokens = self._tokens
        if tokens is None or request.upgrade or tokens.is_shown(request.headers, cookies, session):
            return forward(request)
        return _refuse(request, tokens.missing, tokens.renewal(request, cookies, session))

    def _renewing(
        self, request: Request, forward: Handler, cookies: Mapping[bytes, bytes], session: bytes
    ) -> Awaitable[Response]:
        assert self._tokens is not None
        fields = [] if request.is_shared else self._tokens.renewal(request, cookies, session)
        return _with_fields(request, forward, fields) if fields else forward(request)


class _Tokens:
    """The token of a session, in a cookie and in a field."""

    def __init__(self, config: CsrfTokenConfig, context: Context) -> None:
        self._signer = TokenSigner(config.secret.reveal().encode())
        self._random = context.random
        self._cookie = config.cookie.encode("ascii")
        self._field = config.header.lower().encode("latin-1")
        self._needs_https = config.cookie.startswith(("__Host-", "__Secure-"))
        #: What a client is told that showed none, or not the right one.
        self.missing = f"the field {config.header} must repeat the cookie {config.cookie}"

    def is_shown(self, headers: Headers, cookies: Mapping[bytes, bytes], session: bytes) -> bool:
        """Whether the field repeats the cookie, and the token is one of *session*."""
        shown, kept = _line(headers, self._field), cookies.get(self._cookie, b"")
        return bool(kept) and hmac.compare_digest(shown, kept) and self._signer.is_valid(kept, session)

    def renewal(self, request: Request, cookies: Mapping[bytes, bytes], session: bytes) -> list[Field]:
        """The field that sets a token, when the client has none that is good for *session*."""
        if self._signer.is_valid(cookies.get(self._cookie, b""), session):
            return []
        token = self._signer.make(session, self._random.getrandbits(128))
        # Not HttpOnly: the page has to read it.
        secure = b"; Secure" if self._needs_https or request.scheme == "https" else b""
        return [(b"Set-Cookie", b"%b=%b; Path=/; SameSite=Lax%b" % (self._cookie, token, secure))]


def read_cookies(raw: Iterable[Field]) -> dict[bytes, bytes]:
    """Cookies by name. The values of one name that came twice stand together, so they equal neither of the two."""
    cookies: dict[bytes, bytes] = {}
    for name, value in raw:
        if len(name) != 6 or name.lower() != b"cookie":
            continue
        for pair in value.split(b";"):
            key, equals, content = pair.strip(b" \t").partition(b"=")
            if equals:
                cookies[key] = cookies[key] + b"; " + content if key in cookies else content
    return cookies


def _source(headers: Headers) -> Source:
    return Source(_line(headers, b"origin"), _line(headers, b"sec-fetch-site"), _line(headers, b"referer"))


def _line(headers: Headers, lower_name: bytes) -> bytes:
    found = [value for name, value in headers.raw if name.lower() == lower_name]
    # Two lines that contradict each other are joined, and are no origin any more.
    return b", ".join(found)


async def _with_fields(request: Request, forward: Handler, fields: list[Field]) -> Response:
    response = await forward(request)
    response.headers.raw += fields
    return response


async def _refuse(request: Request, reason: str, fields: list[Field] | None = None) -> Response:
    return problem(403, reason, request.id, fields)
