"""Who sends a request?

In: ``Identify``, which asks the authenticators of a route. Not in: refusing those who may not (``auth.gate.require``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from vizgate.auth.gate.complaints import Complaints
from vizgate.auth.gate.refusal import Refusal
from vizgate.errors import ExchangeError
from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: The longest that an authenticator may take, in seconds. Those that ask others have bounds of their own, far below.
PATIENCE_S = 30.0

OUTCOMES = ("accepted", "refused", "unavailable", "failed")


class _Asked:
    """An authenticator, and what is counted and told about it."""

    __slots__ = ("accepted", "authenticate", "complaints", "failed", "name", "others", "refused", "unavailable")

    def __init__(self, authenticator: Authenticator, stripping: Sequence[Authenticator]) -> None:
        context = authenticator.context
        self.name = context.name
        #: Those whose credentials nobody looks at once this one has decided, and that must not go on.
        self.others = tuple(other for other in stripping if other is not authenticator)
        self.authenticate = authenticator.authenticate
        self.complaints = Complaints(context.name, context.clock)
        cells = context.metrics.counters(
            "auth_credentials", "Credentials that were shown, by what became of them.", ("authenticator", "outcome")
        )
        self.accepted, self.refused, self.unavailable, self.failed = (
            cells.of(context.name, outcome) for outcome in OUTCOMES
        )


class Identify(Middleware):
    """Finds out who sends a request, and lets it go on in any case: ``Require`` refuses.

    The authenticators are asked in order. The first whose credential is there decides: a bad one is refused even where
    another would do, so that nobody learns more by showing several.

    Args: patience_s: how long an authenticator may take; then it counts as not available.
    """

    def __init__(
        self, authenticators: Sequence[Authenticator], context: Context | None = None, *, patience_s: float = PATIENCE_S
    ) -> None:
        super().__init__(MiddlewareConfig(), context)
        self._patience_s = patience_s
        stripping = [one for one in authenticators if getattr(one.config, "strip", False)]
        self._asked = tuple(_Asked(authenticator, stripping) for authenticator in authenticators)

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request*, with ``identity`` set when a good credential was shown."""
        # Whatever middleware further out has set is not verified.
        request.identity = None
        return self._ask(request, forward, self._asked)

    def _ask(self, request: Request, forward: Handler, asked: tuple[_Asked, ...]) -> Awaitable[Response]:
        for number, one in enumerate(asked):
            try:
                found = one.authenticate(request)
            except Exception as error:  # noqa: BLE001  # whatever it is, nobody is let in by it
                _refuse(request, one, error)
                break
            if found is None:
                continue
            if not isinstance(found, Identity):
                return self._wait(request, forward, asked[number:], found)
            _accept(request, one, found)
            break
        return forward(request)

    async def _wait(
        self, request: Request, forward: Handler, asked: tuple[_Asked, ...], answer: Awaitable[Identity | None]
    ) -> Response:
        """As ``_ask``, where the first of *asked* gives its answer later."""
        one = asked[0]
        try:
            found = await self._patiently(answer)
            if found is not None:
                _accept(request, one, _checked(found))
        except Exception as error:  # noqa: BLE001  # as above
            _refuse(request, one, error)
            return await forward(request)
        if found is None:
            return await self._ask(request, forward, asked[1:])
        return await forward(request)

    async def _patiently(self, answer: Awaitable[Identity | None]) -> Identity | None:
        try:
            async with asyncio.timeout(self._patience_s) as bound:
                return await answer
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise AuthenticationUnavailable(f"no answer in {self._patience_s:g} s") from error

    def __repr__(self) -> str:
        return f"<Identify by {', '.join(one.name for one in self._asked)}>"


def _checked(found: object) -> Identity:
    if not isinstance(found, Identity):
        raise TypeError(f"an authenticator gave {type(found).__name__}, not an Identity")
    return found


def _accept(request: Request, one: _Asked, identity: Identity) -> None:
    one.accepted.value += 1
    for other in one.others:
        other.strip(request)
    request.identity = identity


def _refuse(request: Request, one: _Asked, error: Exception) -> None:
    """Leave with *request* why it has no identity. Raises *error* when it is about the connection, not a credential."""
    if isinstance(error, ExchangeError):
        raise error
    if isinstance(error, CredentialRefused):
        one.refused.value += 1
    elif isinstance(error, AuthenticationUnavailable):
        one.unavailable.value += 1
        one.complaints.tell(error, is_fault=False)
    else:
        one.failed.value += 1
        one.complaints.tell(error, is_fault=True)
    Refusal.of(error, one.name).leave(request)
