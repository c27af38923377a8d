"""The rules of ``ServiceForwarder``: the loop over attempts, and what is told about each."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from vizgate.balancer.round_robin import RoundRobin
from vizgate.clock import Clock
from vizgate.errors import (
    ConnectFailed,
    ExchangeError,
    NoTarget,
    ResponseTimedOut,
    Termination,
    UpstreamError,
    UpstreamReset,
)
from vizgate.extension.kinds.balancer import Member
from vizgate.message.headers import Headers
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.service import ServiceForwarder, ServicePolicies
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock


class _Target:
    """Answers with its number, or fails with *error*, and reports the end of each attempt as an exchange does."""

    def __init__(self, number: int, error: UpstreamError | None = None) -> None:
        self.address = f"192.0.2.{number}:80"
        self.error = error
        self.asked = 0

    async def exchange(self, request: Request) -> Response:
        self.asked += 1
        assert request.attempt_ended is not None
        request.attempt_ended(Termination.NORMAL if self.error is None else self.error.termination)
        if self.error is not None:
            raise self.error
        return Response(200, body=self.address.encode())


class _Watcher:
    """Remembers what it is told; refuses targets by address."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.told: list[tuple[str, int, str]] = []

    def wake(self, now_s: float) -> None:
        pass

    def admit(self, target: TargetState, now_s: float) -> int | None:
        return None if target.address in self.refused else 7

    def refusal(self, now_s: float) -> ExchangeError | None:
        return None

    def settled(self, attempt: Attempt, now_s: float) -> None:
        how = "running" if attempt.termination is None else attempt.termination.value
        self.told.append((attempt.target.address, attempt.status, how))

    def broken(self, attempt: Attempt, now_s: float) -> None:
        self.told.append((attempt.target.address, attempt.status, "broken"))


async def _never(seconds: float) -> None:
    raise AssertionError(f"nobody should wait {seconds} s")


def service(
    targets: Sequence[_Target],
    policies: ServicePolicies,
    sleep: Callable[[float], Awaitable[None]] = _never,
    clock: Clock | None = None,
) -> ServiceForwarder:
    made = [ServiceTarget(target, TargetState("users", target.address)) for target in targets]
    balancer = RoundRobin()

    def adopt(members: list[tuple[int, float]]) -> None:
        balancer.update(tuple(Member(index, weight, made[index].state) for index, weight in members))

    chosen = TargetSet(made, Selection(), lambda: 0.0, adopt)
    chosen.attach()
    return ServiceForwarder("users", chosen, balancer, policies, clock or ManualClock(), sleep)


async def test_call_tells_watchers_of_each_attempt() -> None:
    """A target that cannot be connected to is followed by the next one, and both attempts are told of, once each."""
    watcher = _Watcher()
    forwarder = service([_Target(1, ConnectFailed()), _Target(2)], ServicePolicies(watchers=(watcher,)))
    request = Request("GET", b"/")
    response = await forwarder(request)
    assert response.body.data == b"192.0.2.2:80"
    assert [("192.0.2.1:80", 0, "connect_failure"), ("192.0.2.2:80", 200, "-")] == watcher.told
    assert (2, "192.0.2.2:80") == (request.outcome.attempts, request.outcome.upstream)
    assert [0, 0] == [target.state.in_flight for target in forwarder.targets.targets]


async def test_call_asks_only_whom_the_gate_admits() -> None:
    """A target that the gate refuses is passed over; when it refuses all, there is no target."""
    targets = [_Target(1), _Target(2)]
    gate = _Watcher("192.0.2.1:80")
    assert (await service(targets, ServicePolicies(gate=gate))(Request("GET", b"/"))).body.data == b"192.0.2.2:80"
    everyone = _Watcher("192.0.2.1:80", "192.0.2.2:80")
    with pytest.raises(NoTarget):
        await service(targets, ServicePolicies(gate=everyone))(Request("GET", b"/"))
    assert [0, 1] == [target.asked for target in targets]


async def test_call_asks_no_blocked_target() -> None:
    """A target that is blocked is no member, from the moment that it is."""
    targets = [_Target(1), _Target(2)]
    forwarder = service(targets, ServicePolicies(gate=_Watcher()))
    forwarder.targets.targets[0].state.block(Block.DRAINED)
    for _ in range(3):
        await forwarder(Request("GET", b"/"))
    assert [0, 3] == [target.asked for target in targets]
    forwarder.targets.targets[0].state.unblock(Block.DRAINED, 1.0)
    for _ in range(2):
        await forwarder(Request("GET", b"/"))
    assert [1, 4] == [target.asked for target in targets]


class _Affinity:
    """Wants the target *index*; remembers who has answered."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.remembered: list[int] = []

    def wanted(self, request: Request) -> int | None:
        return self.index

    def remember(self, request: Request, response: Response, index: int) -> None:
        self.remembered.append(index)


async def test_call_client_stays_with_its_target() -> None:
    """The target of its cookie is asked, whoever's turn it is, and told to the client again."""
    targets, affinity = [_Target(1), _Target(2)], _Affinity(1)
    forwarder = service(targets, ServicePolicies(affinity=affinity))
    for _ in range(3):
        await forwarder(Request("GET", b"/"))
    assert ([0, 3], [1, 1, 1]) == ([target.asked for target in targets], affinity.remembered)


async def test_call_client_of_a_drained_target_stays_and_of_a_dead_one_moves() -> None:
    """A drained target gets no new clients but keeps its own; one that is out for any other reason loses them."""
    targets, affinity = [_Target(1), _Target(2)], _Affinity(1)
    forwarder = service(targets, ServicePolicies(affinity=affinity))
    state = forwarder.targets.targets[1].state
    state.block(Block.DRAINED)
    await forwarder(Request("GET", b"/"))
    affinity.index = None
    await forwarder(Request("GET", b"/"))
    assert [1, 0] == affinity.remembered
    affinity.index = 1
    for reason in (Block.UNHEALTHY, Block.EJECTED, Block.OPEN):
        state.block(reason)
        await forwarder(Request("GET", b"/"))
        state.unblock(reason, 0.0)
    assert [1, 0, 0, 0, 0] == affinity.remembered


async def test_call_client_of_a_target_that_fails_moves() -> None:
    """When its target cannot be connected to, the client is told who has answered instead."""
    targets, affinity = [_Target(1), _Target(2, ConnectFailed())], _Affinity(1)
    await service(targets, ServicePolicies(affinity=affinity))(Request("GET", b"/"))
    assert ([1, 1], [0]) == ([target.asked for target in targets], affinity.remembered)


async def test_call_after_bytes_were_sent_tries_nobody_else() -> None:
    """Without a word about retries, an attempt that has sent anything is the last."""
    targets = [_Target(1, UpstreamReset()), _Target(2)]
    with pytest.raises(UpstreamReset):
        await service(targets, ServicePolicies(gate=_Watcher()))(Request("GET", b"/"))
    assert [1, 0] == [target.asked for target in targets]


class _Stream:
    """The rest of an answer, which can be broken off."""

    def __init__(self, broken_off: Callable[[Termination], None]) -> None:
        self._broken_off = broken_off
        self.aborted = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    def abort(self) -> None:
        self.aborted = True
        self._broken_off(Termination.CLIENT_ABORT)


class _Unavailable(_Target):
    """Answers 503 with a body that is still arriving."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.streams: list[_Stream] = []

    async def exchange(self, request: Request) -> Response:
        self.asked += 1
        assert request.attempt_ended is not None
        self.streams.append(_Stream(request.attempt_ended))
        return Response(503, body=StreamBody(self.streams[-1], 5))


class _Again:
    """Wants another attempt after *wait_s*, up to *attempts* of them."""

    def __init__(self, attempts: int, wait_s: float = 0.0) -> None:
        self._attempts = attempts
        self._wait_s = wait_s

    def prepare(self, request: Request, now_s: float) -> Awaitable[None] | None:
        return None

    def delay_s(
        self, request: Request, attempt: Attempt, cause: UpstreamError | Response, now_s: float
    ) -> float | None:
        wanted = attempt.number < self._attempts and (isinstance(cause, UpstreamError) or cause.status == 503)
        return self._wait_s if wanted else None


async def test_call_tries_another_target_and_lets_go_of_the_first_answer() -> None:
    """What is tried again goes to a target that was not asked; the answer before is broken off, and has ended once."""
    watcher = _Watcher()
    first, second = _Unavailable(1), _Target(2)
    forwarder = service([first, second], ServicePolicies(watchers=(watcher,), retry=_Again(3)))
    response = await forwarder(Request("GET", b"/"))
    assert (200, 1, 1) == (response.status, first.asked, second.asked)
    assert first.streams[0].aborted
    assert [("192.0.2.1:80", 503, "running"), ("192.0.2.2:80", 200, "-")] == watcher.told
    assert [0, 0] == [target.state.in_flight for target in forwarder.targets.targets]


async def test_call_gives_back_the_answer_when_nobody_else_can_be_asked() -> None:
    """A 503 that might be tried again is the answer, untouched, when no other attempt can be made."""
    only = _Unavailable(1)
    gate = _Once()
    forwarder = service([only], ServicePolicies(gate=gate, retry=_Again(3)))
    request = Request("GET", b"/")
    response = await forwarder(request)
    assert (503, 1, False) == (response.status, only.asked, only.streams[0].aborted)
    assert request.attempt_ended is None


class _Once(_Watcher):
    """Admits one attempt in all."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1

    def admit(self, target: TargetState, now_s: float) -> int | None:
        self.left -= 1
        return 0 if self.left >= 0 else None


async def test_call_asks_the_same_target_again_when_there_is_no_other() -> None:
    """One target is better than none."""
    only = _Target(1, UpstreamReset())
    with pytest.raises(UpstreamReset):
        await service([only], ServicePolicies(retry=_Again(3)))(Request("GET", b"/"))
    assert 3 == only.asked


async def test_client_that_leaves_between_attempts_ends_nothing_twice() -> None:
    """Cancelled in the wait: the attempt before has ended once, none has begun."""
    first = _Target(1, UpstreamReset())
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    forwarder = service([first, _Target(2)], ServicePolicies(retry=_Again(3, wait_s=1.0)), sleep)
    task = asyncio.create_task(forwarder(Request("GET", b"/")))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [0, 0] == [target.state.in_flight for target in forwarder.targets.targets]


async def test_attempt_that_is_cancelled_says_nothing_about_its_target() -> None:
    """The client left: the attempt is settled as neutral, once, and its permit is given back with it."""
    told: list[Attempt] = []
    started = asyncio.Event()

    class Silent(_Target):
        async def exchange(self, request: Request) -> Response:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    class Watcher(_Watcher):
        def settled(self, attempt: Attempt, now_s: float) -> None:
            told.append(attempt)

    forwarder = service([Silent(1)], ServicePolicies(gate=_Watcher(), watchers=(Watcher(),)))
    task = asyncio.create_task(forwarder(Request("GET", b"/")))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(True, True, 7)] == [(attempt.is_neutral, attempt.has_ended, attempt.permit) for attempt in told]
    assert 0 == forwarder.targets.targets[0].state.in_flight


async def test_deadline_header_tells_what_is_left_and_never_what_the_client_said() -> None:
    """The target learns the milliseconds that are left; without a bound it learns nothing."""
    seen: list[str | None] = []

    class Target(_Target):
        async def exchange(self, request: Request) -> Response:
            seen.append(request.headers.get("X-Left"))
            return await super().exchange(request)

    for total_s in (0.0, 1.5):
        forwarder = service([Target(1)], ServicePolicies(total_s=total_s, deadline_header="X-Left"))
        request = Request("GET", b"/", Headers.of([("X-Left", "999999")]))
        await forwarder(request)
        # What a fallback asks next has a time of its own.
        assert request.headers.get("X-Left") is None
    assert [None, "1500"] == seen


async def test_attempt_in_the_time_that_others_left_says_nothing_about_its_target() -> None:
    """The first took all of the time and has failed; the second, which had none to speak of, is not to blame."""
    clock = ManualClock(1.0)
    told: list[bool] = []

    class Slow(_Target):
        async def exchange(self, request: Request) -> Response:
            clock.advance(0.9)
            return await super().exchange(request)

    class Watcher(_Watcher):
        def settled(self, attempt: Attempt, now_s: float) -> None:
            told.append(attempt.is_neutral)

    slow = [Slow(number, ResponseTimedOut()) for number in (1, 2)]
    policies = ServicePolicies(total_s=1.0, watchers=(Watcher(),), retry=_Again(3))
    with pytest.raises(ResponseTimedOut):
        await service(slow, policies, clock=clock)(Request("GET", b"/"))
    assert [False, True] == told


@pytest.mark.parametrize("last_is_good", [True, False])
async def test_error_of_an_attempt_is_gone_with_its_last_reader(last_is_good: bool) -> None:
    """Errors hold the frames that they passed, with all that these saw: none stays until the next collection."""
    made: list[weakref.ref[UpstreamError]] = []

    class Failing(_Target):
        async def exchange(self, request: Request) -> Response:
            self.error = UpstreamReset()
            made.append(weakref.ref(self.error))
            try:
                return await super().exchange(request)
            finally:
                self.error = None

    targets = [Failing(1), _Target(2) if last_is_good else Failing(2)]
    forwarder = service(targets, ServicePolicies(retry=_Again(2)))
    gc.disable()
    try:
        with contextlib.suppress(UpstreamReset):
            await forwarder(Request("GET", b"/"))
        assert [None] * len(made) == [error() for error in made]
    finally:
        gc.enable()
