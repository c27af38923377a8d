"""The innermost handler of a route whose service has more than a balancer: health, breakers, retries, affinity, a
bulkhead.

In: ``ServiceForwarder``: the loop over attempts. Not in: the decisions (ports below, met by ``retry``, ``breaker``,
``health``, ``overload`` and ``balancer``) and the plain case, which costs less (``pipeline.forward``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from vizgate.clock import Clock
from vizgate.errors import ExchangeError, NoTarget, ResponseTimedOut, Termination, UpstreamError
from vizgate.message.forwarding import spend_hop
from vizgate.pipeline.attempt import Attempt, AttemptGate, AttemptWatcher
from vizgate.pipeline.body import discard
from vizgate.pipeline.forward import answer_as_last
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_set import Picker, TargetSet
from vizgate.pipeline.target_state import Block, TargetState


class RetryPort(Protocol):
    """Whether there is another attempt; see ``retry``."""

    def prepare(self, request: Request, now_s: float) -> Awaitable[None] | None:
        """Count *request* for the budget, and keep its body for a second time if that may be needed."""
        ...

    def delay_s(
        self, request: Request, attempt: Attempt, cause: UpstreamError | Response, now_s: float
    ) -> float | None:
        """How long to wait before another attempt; None for no other. A number counts as a retry that is made."""
        ...


class AffinityPort(Protocol):
    """Which target a client has been with; see ``balancer.affinity``."""

    def wanted(self, request: Request) -> int | None:
        """The index of the target that the client's cookie names, None without a good one."""
        ...

    def remember(self, request: Request, response: Response, index: int) -> None:
        """Have the client come back to target *index*."""
        ...


class BulkheadPort(Protocol):
    """How many requests a service may have in flight; see ``overload``."""

    def enter(self, request: Request) -> Awaitable[None] | None:
        """Take a place, which ``leave`` gives back; an awaitable while there is none. Raises: Overloaded: none came
        free.
        """
        ...

    def leave(self) -> None:
        """Give a place back."""
        ...


@dataclass(frozen=True, slots=True)
class ServicePolicies:
    """What a service has beside its targets and its balancer. ``total_s``: bound on a whole exchange, 0 for none.

    ``key_of``: the number that a request is hashed to, for balancers that want one. ``deadline_header``: the field that
    tells the target how many milliseconds are left, "" for none.
    """

    total_s: float = 0.0
    key_of: Callable[[Request], int] | None = None
    gate: AttemptGate | None = None
    watchers: tuple[AttemptWatcher, ...] = ()
    retry: RetryPort | None = None
    affinity: AffinityPort | None = None
    bulkhead: BulkheadPort | None = None
    deadline_header: str = ""


class ServiceForwarder:
    """Forwards a request to a target of a service, and to another one when that is safe and allowed."""

    __slots__ = ("_balancer", "_clock", "_name", "_policies", "_sleep", "targets")

    def __init__(  # the parts of a service, each of its own kind
        self,
        name: str,
        targets: TargetSet,
        balancer: Picker,
        policies: ServicePolicies,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name = name
        self.targets = targets
        self._balancer = balancer
        self._policies = policies
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, request: Request) -> Response:
        """The answer of a target. Raises: UpstreamError: of the last attempt, or NoTarget. Overloaded: see
        ``BulkheadPort``.
        """
        policies = self._policies
        request.outcome.service = self._name
        if request.method == "OPTIONS" and not spend_hop(request.headers):
            return await answer_as_last()
        if policies.total_s:
            request.limit_deadline(self._clock.monotonic() + policies.total_s)
        if policies.bulkhead is None:
            return await self._prepared(request)
        waiting = policies.bulkhead.enter(request)
        if waiting is not None:
            await waiting
        leave = policies.bulkhead.leave
        request.on_complete(leave)
        try:
            return await self._prepared(request)
        except BaseException:
            # Whatever answers the request now, it is not this service.
            if request.forget_callback(leave):
                leave()
            raise

    async def _prepared(self, request: Request) -> Response:
        if self._policies.retry is not None:
            preparing = self._policies.retry.prepare(request, self._clock.monotonic())
            if preparing is not None:
                await preparing
        return await self._attempts(request)

    async def _attempts(self, request: Request) -> Response:
        tried: set[int] = set()
        attempt = self._begin(request, tried, 1)
        if attempt is None:
            raise self._nobody()
        while True:
            cause = await self._try(request, attempt)
            delay_s = self._delay_s(request, attempt, cause)
            following = None
            if delay_s is not None:
                tried.add(attempt.index)
                if delay_s:
                    await self._sleep(delay_s)
                following = self._begin(request, tried, attempt.number + 1)
            if following is None:
                try:
                    return self._outcome(request, attempt, cause)
                finally:
                    del cause  # see ``_try``
            if isinstance(cause, Response):
                # Only now: an answer that nobody can better is still the answer.
                discard(cause.body)
            attempt = following

    def _outcome(self, request: Request, attempt: Attempt, cause: Response | UpstreamError) -> Response:
        """The answer of the last attempt. Raises: UpstreamError: it had none."""
        if isinstance(cause, UpstreamError):
            try:
                raise cause
            finally:
                del cause  # see ``_try``
        if self._policies.affinity is not None:
            self._policies.affinity.remember(request, cause, attempt.index)
        return cause

    def _nobody(self) -> ExchangeError:
        gate = self._policies.gate
        refusal = None if gate is None else gate.refusal(self._clock.monotonic())
        return refusal or NoTarget(f"service {self._name} has no target that may be asked")

    # one attempt

    def _begin(self, request: Request, tried: set[int], number: int) -> Attempt | None:
        """An attempt at a target that admits one, at one that was tried already only when there is no other."""
        chosen = self._choose(request, tried)
        if chosen is None and tried and self._policies.retry is not None:
            chosen = self._choose(request, _NONE_TRIED)
        if chosen is None:
            return None
        index, permit = chosen
        state = self._state(index)
        attempt = Attempt(state, index, number, self._clock.monotonic(), permit)
        state.in_flight += 1
        self._balancer.started(index)
        request.attempt_ended = partial(self._ended, attempt)
        request.outcome.attempts += 1
        request.outcome.upstream = state.address
        return attempt

    def _choose(self, request: Request, excluded: AbstractSet[int]) -> tuple[int, int] | None:
        """The index of a target, and the permit to try it."""
        policies = self._policies
        if policies.gate is not None:
            policies.gate.wake(self._clock.monotonic())
        if policies.affinity is not None and not excluded:
            wanted = policies.affinity.wanted(request)
            if wanted is not None and not self._state(wanted).blocks & _ENDS_AFFINITY:
                permit = self._permit(wanted)
                if permit is not None:
                    return wanted, permit
        key = policies.key_of(request) if policies.key_of is not None else 0
        refused: AbstractSet[int] = excluded
        while (index := self._pick(refused, key)) is not None:
            permit = self._permit(index)
            if permit is not None:
                return index, permit
            refused = {*refused, index}
        return None

    def _pick(self, refused: AbstractSet[int], key: int) -> int | None:
        index = self._balancer.pick(refused, key)
        return self.targets.reserve(refused) if index is None and refused else index

    def _permit(self, index: int) -> int | None:
        gate = self._policies.gate
        return 0 if gate is None else gate.admit(self._state(index), self._clock.monotonic())

    def _state(self, index: int) -> TargetState:
        return self.targets.targets[index].state

    async def _try(self, request: Request, attempt: Attempt) -> Response | UpstreamError:
        if self._policies.deadline_header:
            self._tell_deadline(request)
        try:
            response = await self.targets.targets[attempt.index].port.exchange(request)
            attempt.status = response.status
        except UpstreamError as error:
            self._ended(attempt, error.termination)
            if attempt.number > 1 and self._is_late(request):
                # It had only the time that others left: what became of it says nothing about its target.
                attempt.termination = Termination.CLIENT_ABORT
            # By no other name: an error holds this frame, and a frame that holds the error is a cycle with all it saw.
            return error
        except BaseException as error:
            self._ended(attempt, error.termination if isinstance(error, ExchangeError) else Termination.CLIENT_ABORT)
            raise
        else:
            return response
        finally:
            # What comes next may be an attempt of another service, which is nobody's business here.
            request.attempt_ended = None
            if self._policies.deadline_header:
                request.headers.remove(self._policies.deadline_header)
            self._settle(attempt)

    def _tell_deadline(self, request: Request) -> None:
        """Replace whatever the client says about it: only the gateway knows how long it will wait."""
        name = self._policies.deadline_header
        if request.deadline_s:
            left_s = request.deadline_s - self._clock.monotonic()
            request.headers[name] = str(max(1, int(left_s * 1000)))
        else:
            request.headers.remove(name)

    def _settle(self, attempt: Attempt) -> None:
        now_s = self._clock.monotonic()
        attempt.elapsed_s = now_s - attempt.started_s
        for watcher in self._policies.watchers:
            watcher.settled(attempt, now_s)

    def _ended(self, attempt: Attempt, termination: Termination) -> None:
        """The exchange of *attempt* is over; its answer, if there was one, may have been settled long before. Only the
        first call counts.
        """
        if attempt.has_ended:
            return
        attempt.has_ended = True
        attempt.target.in_flight -= 1
        self._balancer.ended(attempt.index)
        attempt.termination = termination
        if attempt.status and termination in _BROKEN_BY_TARGET:
            for watcher in self._policies.watchers:
                watcher.broken(attempt, self._clock.monotonic())

    def _is_late(self, request: Request) -> bool:
        return bool(request.deadline_s) and self._clock.monotonic() >= request.deadline_s

    def _delay_s(self, request: Request, attempt: Attempt, cause: Response | UpstreamError) -> float | None:
        if self._is_late(request):
            if isinstance(cause, UpstreamError) and cause.nothing_sent:
                raise ResponseTimedOut("no time left to try another target") from cause
            return None
        if self._policies.retry is not None:
            return self._policies.retry.delay_s(request, attempt, cause, self._clock.monotonic())
        # Nothing was sent, so nothing can happen twice: the next target, each at most once.
        return 0.0 if isinstance(cause, UpstreamError) and cause.nothing_sent else None

    def __repr__(self) -> str:
        in_flight = sum(target.state.in_flight for target in self.targets.targets)
        return f"<Service {self._name!r} [{self.targets!r} | in flight: {in_flight}]>"


# A drained target gets no new clients, but keeps those it has: what nginx and HAProxy mean by that word. So does one
# that is about to end, as long as it answers.
_ENDS_AFFINITY = ~(Block.DRAINED | Block.LEAVING)
_NONE_TRIED: AbstractSet[int] = frozenset()
_BROKEN_BY_TARGET = frozenset({Termination.UPSTREAM_RESET, Termination.UPSTREAM_INVALID, Termination.UPSTREAM_TIMEOUT})
