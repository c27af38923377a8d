"""Another answer instead of a bad one.

In: ``Fallback`` around a handler, and the rule when. Not in: the other handler: a service or a fixed answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vizgate.errors import ExchangeError, NoTarget, Overloaded, Termination, UpstreamError
from vizgate.message.methods import IDEMPOTENT
from vizgate.pipeline.body import discard
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.resumed import kept
from vizgate.units import KIB


@dataclass(frozen=True, slots=True)
class FallbackRule:
    """``statuses``: of answers, the gateway's own included. ``failures``: ends without an answer. ``no_target``: when
    nobody can be asked. ``buffer_bytes``: the longest body that is kept to be sent again.
    """

    statuses: frozenset[int] = frozenset({502, 503, 504})
    failures: frozenset[Termination] = frozenset()
    no_target: bool = False
    buffer_bytes: int = 64 * KIB

    def holds_for(self, error: ExchangeError) -> bool:
        """Whether something else is to be tried after *error*, which is not the client's doing."""
        return (
            error.status in self.statuses
            or error.termination in self.failures
            or (self.no_target and isinstance(error, NoTarget))
        )


class Fallback:
    """Asks *handler*, and *other* instead when *rule* says so.

    A service is asked only if that can do no harm: nothing was sent before, or the method is idempotent and its body is
    here. What has begun to go to the client is never replaced.

    Args: sends: whether *other* sends the request anywhere. counted: called each time.
    """

    __slots__ = ("_counted", "_handler", "_other", "_rule", "_sends")

    def __init__(
        self, handler: Handler, other: Handler, rule: FallbackRule, *, sends: bool, counted: Callable[[], None]
    ) -> None:
        self._handler = handler
        self._other = other
        self._rule = rule
        self._sends = sends
        self._counted = counted

    async def __call__(self, request: Request) -> Response:
        """The answer of one or the other. Raises: what the one raises that was asked last."""
        deadline_s = request.deadline_s
        if self._sends and request.body.data is None:
            await self._keep(request)
        try:
            response = await self._handler(request)
        except (UpstreamError, Overloaded) as error:
            if not (self._rule.holds_for(error) and self._may_ask(request, nothing_sent=error.nothing_sent)):
                raise
        else:
            if response.status not in self._rule.statuses or not self._may_ask(request, nothing_sent=False):
                return response
            discard(response.body)
        # The time that the first service had is not that of the second; the route's own bound still holds.
        request.deadline_s = deadline_s
        request.outcome.is_substitute = True
        self._counted()
        return await self._other(request)

    async def _keep(self, request: Request) -> None:
        length, limit_bytes = request.body.length, self._rule.buffer_bytes
        if request.method in IDEMPOTENT and (length is None or length <= limit_bytes):
            request.body = await kept(request.body, limit_bytes)

    def _may_ask(self, request: Request, *, nothing_sent: bool) -> bool:
        if not self._sends or nothing_sent:
            return True
        content = request.body.data
        return request.method in IDEMPOTENT and content is not None and len(content) <= self._rule.buffer_bytes

    def __repr__(self) -> str:
        return f"<Fallback [{self._rule!r}]>"
