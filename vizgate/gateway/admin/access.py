"""Who may ask the admin API for what.

In: ``AdminAccess``: the token of a request, roles, and what those who guess are told. Not in: which token is whose
(``gateway.admin.tokens``) and what holds for everybody (``gateway.admin.guard``).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from vizgate.clock import Clock
from vizgate.config.model import Address, ServerConfig
from vizgate.gateway.admin.guard import AdminGuard
from vizgate.gateway.admin.tokens import LOCAL, NOBODY, AdminTokens, Caller
from vizgate.limiter.keys import network_of
from vizgate.limiter.standalone.in_memory import TokenBucket
from vizgate.message.headers import Field
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_log = logging.getLogger("vizgate.admin")

#: What one peer may get wrong before it is told so without a line of the log, and how often a refused change is told.
_TRIES = "10/minute"
_MAX_PEERS = 10_000
_CHALLENGE = b'Bearer realm="vizgate admin"'


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not. ``retry_after_s``: when another try makes sense, 0 for never. ``is_told``: whether a change
    that was refused so is told by the audit log, which nobody must be able to flood.
    """

    status: int
    detail: str
    challenge: bytes = b""
    retry_after_s: int = 0
    is_told: bool = True

    def answer(self, request: Request) -> Response:
        """What the client is told."""
        fields: list[Field] = []
        if self.challenge:
            fields.append((b"WWW-Authenticate", self.challenge))
        if self.retry_after_s:
            fields.append((b"Retry-After", b"%d" % self.retry_after_s))
        return problem(self.status, self.detail, request.id, fields)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who asks, as far as that is known, and why he may not; None when he may."""

    caller: Caller
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """What *server* says."""

    server: ServerConfig
    guard: AdminGuard
    tokens: AdminTokens

    @classmethod
    def of(cls, server: ServerConfig) -> _Rules:
        tokens = AdminTokens.of(server)
        # A Unix socket is for its owner alone.
        host = server.admin.host if isinstance(server.admin, Address) else "localhost"
        return cls(server, AdminGuard(host, has_tokens=bool(tokens)), tokens)


class AdminAccess:
    """Args: server: gives the present settings, which a reload changes. Without tokens in them everybody whom the guard
    lets pass is an operator.
    """

    def __init__(self, server: Callable[[], ServerConfig], clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._tries = TokenBucket(_TRIES, max_keys=_MAX_PEERS)
        self._told = TokenBucket(_TRIES, max_keys=_MAX_PEERS)
        self._rules = _Rules.of(server())

    @property
    def has_open_metrics(self) -> bool:
        """Whether ``/metrics`` is for everybody: on a loopback address it was always so."""
        rules = self._present()
        return rules.server.admin_open_metrics or rules.guard.is_local

    def _present(self) -> _Rules:
        server = self._server()
        if server is not self._rules.server:
            self._rules = _Rules.of(server)
        return self._rules

    def admit(self, request: Request, *, is_change: bool) -> Admission:
        """Who sends *request*, and whether he may. Args: is_change: whether it does more than look."""
        detail = self._present().guard.refusal(request)
        if detail:
            return Admission(NOBODY, Refusal(403, detail, is_told=self._is_told(network_of(request.client))))
        admission = self.identify(request)
        if admission.refusal is None and is_change and not admission.caller.may_change:
            # Each reader has lines of its own: one that goes wrong leaves those of others alone.
            is_told = self._is_told(b"reader " + admission.caller.name.encode())
            detail = "this needs a token with the role operator"
            return Admission(admission.caller, Refusal(403, detail, _CHALLENGE + _scope_error(), is_told=is_told))
        return admission

    def identify(self, request: Request) -> Admission:
        """Who sends *request*, by its token alone."""
        tokens = self._present().tokens
        if not tokens:
            return Admission(LOCAL)
        token = _token_of(request)
        if token is None:
            # No guess, and no try.
            is_told = self._is_told(network_of(request.client))
            refusal = Refusal(401, "the admin API needs a bearer token", _CHALLENGE, is_told=is_told)
            return Admission(NOBODY, refusal)
        peer, now_s = network_of(request.client), self._clock.monotonic()
        # A long token is taken whatever was shown from there before: operators may share an address with a program that
        # goes wrong, and nobody finds it by guessing. A short one is not looked at, so that nobody learns of it.
        if tokens.can_be_guessed and self._tries.take(peer, 0, now_s=now_s).remaining < 1:
            return Admission(NOBODY, _too_many(self._tries.take(peer, now_s=now_s).retry_after_s))
        caller = tokens.find(token)
        if caller is not None:
            return Admission(caller)
        decision = self._tries.take(peer, now_s=now_s)
        if not decision.allowed:
            return Admission(NOBODY, _too_many(decision.retry_after_s))
        _log.warning("a wrong token was shown to the admin API by %s", request.client or "a client on its Unix socket")
        return Admission(NOBODY, Refusal(401, "nobody has this token", _CHALLENGE + b', error="invalid_token"'))

    def _is_told(self, whose: bytes) -> bool:
        """Whether the audit log tells of one more change that was refused to *whose*, an address or a reader."""
        return self._told.take(whose, now_s=self._clock.monotonic()).allowed

    def __repr__(self) -> str:
        return f"<AdminAccess {self._rules.guard!r} {self._rules.tokens!r}>"


def _too_many(wait_s: float) -> Refusal:
    detail = "too many wrong tokens"
    return Refusal(429, detail, retry_after_s=max(1, math.ceil(wait_s)), is_told=False)


def _scope_error() -> bytes:
    # RFC 6750 3.1.
    return b', error="insufficient_scope", scope="operator"'


def _token_of(request: Request) -> bytes | None:
    """The bearer token of *request*, None without one. Two fields are none: nobody knows which one counts."""
    values = request.headers.get_all("Authorization")
    if len(values) != 1:
        return None
    scheme, _, token = values[0].strip().partition(" ")
    token = token.strip()
    return token.encode("latin-1", "replace") if scheme.lower() == "bearer" and token else None
