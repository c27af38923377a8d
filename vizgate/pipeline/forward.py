"""The innermost handler of a route that has a service: picks a target, and the next one when that is safe.

In: ``Forwarder``, for services with nothing but a balancer. Not in: one attempt (a ``TargetPort``), how targets are
chosen (``balancer``), and services with more (``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.clock import Clock
from vizgate.errors import NoTarget, ResponseTimedOut, UpstreamError
from vizgate.message.forwarding import spend_hop
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_set import Picker, TargetSet


class Forwarder:
    """Forwards a request to one of *targets*, those that *balancer* picks.

    A target that cannot be connected to is followed by the next one, each at most once: nothing was sent, so nothing
    can happen twice.

    Args: total_s: bound on a whole exchange in seconds, 0 for none.
    """

    __slots__ = ("_balancer", "_clock", "_service", "_targets", "_total_s", "targets")

    def __init__(
        self, service: str, targets: TargetSet, balancer: Picker, clock: Clock, *, total_s: float = 0.0
    ) -> None:
        self._service = service
        self.targets = targets
        self._targets = tuple(target.port for target in targets.targets)
        self._balancer = balancer
        self._clock = clock
        self._total_s = total_s

    def __call__(self, request: Request) -> Awaitable[Response]:
        """The answer of a target. Raises: UpstreamError: of the last target tried, or NoTarget."""
        outcome = request.outcome
        outcome.service = self._service
        if request.method == "OPTIONS" and not spend_hop(request.headers):
            return answer_as_last()
        if self._total_s:
            request.limit_deadline(self._clock.monotonic() + self._total_s)
        index = self._balancer.pick()
        if index is None:
            raise NoTarget(f"service {self._service} has no target")
        target = self._targets[index]
        outcome.attempts += 1
        outcome.upstream = target.address
        # With no other target to try there is nothing to wait for here, and one coroutine less for each turn to pass.
        return self._first(request, index) if len(self._targets) > 1 else target.exchange(request)

    async def _first(self, request: Request, index: int) -> Response:
        try:
            return await self._targets[index].exchange(request)
        except UpstreamError as error:
            if not error.nothing_sent:
                raise
            return await self._try_others(request, {index}, error)

    async def _try_others(self, request: Request, tried: set[int], error: UpstreamError) -> Response:
        try:
            while (index := self._another(tried)) is not None:
                if request.deadline_s and self._clock.monotonic() >= request.deadline_s:
                    raise ResponseTimedOut("no time left to try another target") from error
                tried.add(index)
                request.outcome.attempts += 1
                request.outcome.upstream = self._targets[index].address
                try:
                    return await self._targets[index].exchange(request)
                except UpstreamError as exc:
                    if not exc.nothing_sent:
                        raise
                    error = exc
            raise error
        finally:
            # An error holds this frame; a frame that holds the error is a cycle with all that the attempt saw.
            del error

    def _another(self, tried: set[int]) -> int | None:
        index = self._balancer.pick(tried)
        return self.targets.reserve(tried) if index is None else index

    def __repr__(self) -> str:
        return f"<Forwarder {self._service} [{len(self._targets)} targets]>"


async def answer_as_last() -> Response:
    """RFC 9110 7.6.2: when no hop is left, "the intermediary MUST respond as the final recipient"."""
    return Response(200)
