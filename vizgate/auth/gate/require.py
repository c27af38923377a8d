"""May they? The answer to requests that a route does not let in.

In: ``Require``. Not in: who it is (``auth.gate.identify``), the rules (``auth.gate.rules``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from vizgate.auth.gate.challenges import Challenges
from vizgate.auth.gate.identity_fields import IdentityFields
from vizgate.auth.gate.refusal import Refusal
from vizgate.auth.gate.rules import AccessRules, Denial
from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
from vizgate.extension.kinds.authenticator import Authenticator
from vizgate.message.headers import Field, encode_value
from vizgate.message.identity import Identity
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_NOTHING_SHOWN = Refusal(401, "no credential was shown")


class Require(Middleware):
    """Lets requests through whose identity ``Identify`` has found and *rules* allow, and tells the service who it is.

    Args: authenticators: those of the route, for their challenges. fields: what the service is told; None for nothing.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        rules: AccessRules,
        fields: IdentityFields | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(MiddlewareConfig(), context)
        self._challenges = Challenges({one.context.name: one.challenge for one in authenticators})
        self._rules = None if rules.is_empty else rules
        self._fields = fields

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request*, or answer with 400, 401, 403, 500 or 503."""
        identity = request.identity
        if identity is None:
            return _answer(self._refused(request, Refusal.left(request) or _NOTHING_SHOWN))
        if self._rules is not None:
            denial = self._rules.denial(identity)
            if denial is not None:
                return _answer(self._denied(request, identity, denial))
        if self._fields is not None and not self._fields.put(request, identity):
            return _answer(problem(403, "the identity is too long to be passed on", request.id))
        return forward(request)

    def _refused(self, request: Request, refusal: Refusal) -> Response:
        fields: list[Field] = []
        if refusal.retry_after_s:
            fields.append((b"Retry-After", b"%d" % refusal.retry_after_s))
        if refusal is _NOTHING_SHOWN:
            fields += self._challenges.nothing_shown
        elif refusal.status in (400, 401):
            fields += self._challenges.refused(refusal)
        elif refusal.challenge:
            fields.append((b"WWW-Authenticate", encode_value(refusal.challenge)))
        return problem(refusal.status, refusal.detail, request.id, fields)

    def _denied(self, request: Request, identity: Identity, denial: Denial) -> Response:
        fields = self._challenges.insufficient_scope(identity.authenticator, denial.scopes) if denial.scopes else []
        return problem(403, denial.detail, request.id, fields)


async def _answer(response: Response) -> Response:
    return response
