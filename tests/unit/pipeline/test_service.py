"""The rules of ``ServiceForwarder``: the loop over attempts, and what is told about each."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vizgate.balancer.round_robin import RoundRobin
from vizgate.errors import ConnectFailed, NoTarget, Termination, UpstreamError, UpstreamReset
from vizgate.extension.balancer import Member
from vizgate.pipeline.attempt import Attempt
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

    def admits(self, target: TargetState, now_s: float) -> bool:
        return target.address not in self.refused

    def settled(self, attempt: Attempt, now_s: float) -> None:
        assert attempt.termination is not None
        self.told.append((attempt.target.address, attempt.status, attempt.termination.value))

    def broken(self, attempt: Attempt, now_s: float) -> None:
        self.told.append((attempt.target.address, attempt.status, "broken"))


def service(targets: Sequence[_Target], policies: ServicePolicies) -> ServiceForwarder:
    made = [ServiceTarget(target, TargetState("users", target.address)) for target in targets]
    balancer = RoundRobin()

    def adopt(members: list[tuple[int, float]]) -> None:
        balancer.update(tuple(Member(index, weight, made[index].state) for index, weight in members))

    async def sleep(seconds: float) -> None:
        raise AssertionError(f"nobody should wait {seconds} s")

    chosen = TargetSet(made, Selection(), lambda: 0.0, adopt)
    return ServiceForwarder("users", chosen, balancer, policies, ManualClock(), sleep)


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


async def test_call_after_bytes_were_sent_tries_nobody_else() -> None:
    """Without a word about retries, an attempt that has sent anything is the last."""
    targets = [_Target(1, UpstreamReset()), _Target(2)]
    with pytest.raises(UpstreamReset):
        await service(targets, ServicePolicies(gate=_Watcher()))(Request("GET", b"/"))
    assert [1, 0] == [target.asked for target in targets]
