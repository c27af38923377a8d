"""The rules of ``Forwarder``: which target, which next one, and when none."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.balancer.round_robin import RoundRobin
from vizgate.errors import (
    BadBody,
    ConnectFailed,
    ExchangeError,
    InvalidResponse,
    NoTarget,
    ResponseTimedOut,
    StaleConnection,
    UpstreamReset,
)
from vizgate.message.headers import Headers
from vizgate.pipeline.forward import Forwarder
from vizgate.pipeline.ports import TargetPort
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.pipeline.target_state import TargetState
from vizgate.testing import ManualClock


class _Target:
    """Answers, or fails with *error*, and counts how often it was asked."""

    def __init__(self, number: int, error: ExchangeError | None = None, takes_s: float = 0.0) -> None:
        self.address = f"192.0.2.1:{number}"
        self.error = error
        self.takes_s = takes_s
        self.asked = 0
        self.clock = ManualClock()

    async def exchange(self, request: Request) -> Response:
        self.asked += 1
        self.clock.advance(self.takes_s)
        if self.error is not None:
            raise self.error
        return Response(200, body=self.address.encode())


class _Nobody(RoundRobin):
    """A balancer without members."""


def _forwarder(targets: list[_Target], total_s: float = 0.0) -> Forwarder:
    clock = ManualClock(monotonic_s=50.0)
    for target in targets:
        target.clock = clock
    balancer = RoundRobin.of([1] * len(targets))
    return Forwarder("users", target_set(targets), balancer, clock, total_s=total_s)


def target_set(targets: Sequence[TargetPort]) -> TargetSet:
    made = [ServiceTarget(port, TargetState("users", port.address)) for port in targets]
    return TargetSet(made, Selection(), lambda: 0.0, lambda members: None)


def _forward(forwarder: Forwarder, request: Request) -> Response:
    return asyncio.run(_await(forwarder, request))


async def _await(forwarder: Forwarder, request: Request) -> Response:
    return await forwarder(request)


def test_call_target_that_answers_is_asked_once() -> None:
    """The answer is the target's, and the outcome tells service, target and attempts."""
    targets, request = [_Target(0), _Target(1)], Request("GET", b"/")
    assert _forward(_forwarder(targets), request).body.data == b"192.0.2.1:0"
    outcome = request.outcome
    assert (outcome.service, outcome.upstream, outcome.attempts) == ("users", "192.0.2.1:0", 1)
    assert [target.asked for target in targets] == [1, 0]


def test_call_connect_failure_tries_next_target() -> None:
    """Nothing was sent, so the next target can be tried whatever the method (RFC 9110 9.2.2)."""
    targets, request = [_Target(0, ConnectFailed()), _Target(1, ConnectFailed()), _Target(2)], Request("POST", b"/")
    assert _forward(_forwarder(targets), request).status == 200
    assert (request.outcome.upstream, request.outcome.attempts) == ("192.0.2.1:2", 3)
    assert [target.asked for target in targets] == [1, 1, 1]


def test_call_every_connect_fails_raises_last_error() -> None:
    """Each target at most once; when all were tried the last one's error is the answer."""
    errors = [ConnectFailed("a"), ConnectFailed("b")]
    targets = [_Target(number, error) for number, error in enumerate(errors)]
    with pytest.raises(ConnectFailed, match="b"):
        _forward(_forwarder(targets), Request("GET", b"/"))
    assert [target.asked for target in targets] == [1, 1]


@pytest.mark.parametrize(
    "error", [StaleConnection(), UpstreamReset(), InvalidResponse(), ResponseTimedOut(), BadBody()]
)
@pytest.mark.parametrize("position", [0, 1])
def test_call_failure_after_something_was_sent_is_final(error: ExchangeError, position: int) -> None:
    """Once a byte went out no other target is tried: a POST must not happen twice (RFC 9110 9.2.2)."""
    targets = [_Target(0), _Target(1), _Target(2)]
    targets[0].error = ConnectFailed()
    targets[position].error = error
    with pytest.raises(type(error)):
        _forward(_forwarder(targets), Request("POST", b"/"))
    assert sum(target.asked for target in targets) == position + 1


def test_call_without_target_is_503() -> None:
    """A balancer that has no target to offer means 503, and no attempt."""
    forwarder, request = Forwarder("users", target_set([_Target(0)]), _Nobody(), ManualClock()), Request("GET", b"/")
    with pytest.raises(NoTarget, match="users") as caught:
        _forward(forwarder, request)
    assert (caught.value.status, request.outcome.attempts, request.outcome.service) == (503, 0, "users")


def test_call_total_bounds_the_exchange() -> None:
    """``timeouts.total`` becomes the request's deadline unless the route's is earlier."""
    request = Request("GET", b"/")
    _forward(_forwarder([_Target(0)], total_s=10.0), request)
    assert request.deadline_s == 60.0
    request = Request("GET", b"/")
    request.limit_deadline(55.0)
    _forward(_forwarder([_Target(0)], total_s=10.0), request)
    assert request.deadline_s == 55.0


def test_call_deadline_passed_tries_no_further_target() -> None:
    """After the request's deadline no other target is bothered: it is a 504, whose cause is the last failure."""
    last = ConnectFailed()
    targets = [_Target(0, ConnectFailed(), takes_s=3.0), _Target(1, last, takes_s=3.0), _Target(2)]
    with pytest.raises(ResponseTimedOut) as caught:
        _forward(_forwarder(targets, total_s=5.0), Request("GET", b"/"))
    assert (caught.value.status, caught.value.__cause__) == (504, last)
    assert [target.asked for target in targets] == [1, 1, 0]


@given(st.lists(st.sampled_from(["ok", "connect", "reset"]), min_size=1, max_size=6), st.integers(1, 3))
def test_call_any_targets_asks_each_at_most_once(kinds: list[str], requests: int) -> None:
    """Whatever the targets do: none twice for one request, none after the first that was sent anything."""
    make = {"ok": lambda: None, "connect": ConnectFailed, "reset": UpstreamReset}
    targets = [_Target(number, make[kind]()) for number, kind in enumerate(kinds)]
    forwarder = _forwarder(targets)
    for _ in range(requests):
        before = [target.asked for target in targets]
        request = Request("POST", b"/")
        try:
            _forward(forwarder, request)
        except ConnectFailed:
            assert set(kinds) == {"connect"}
        except UpstreamReset:
            assert "reset" in kinds
        asked = [target.asked - count for target, count in zip(targets, before, strict=True)]
        assert max(asked) == 1
        assert sum(asked) == request.outcome.attempts
        assert sum(count for count, kind in zip(asked, kinds, strict=True) if kind != "connect") <= 1


def test_repr_names_service() -> None:
    """A forwarder shows its service and how many targets it has."""
    assert repr(_forwarder([_Target(0), _Target(1)])) == "<Forwarder users [2 targets]>"


def test_forwarder_answers_options_without_hops_itself():
    """RFC 9110 7.6.2: with Max-Forwards 0 nobody is asked."""
    target = _Target(1)
    request = Request("OPTIONS", b"/x", Headers.of([("Max-Forwards", "0")]))
    response = _forward(_forwarder([target]), request)
    assert (200, True, 0, 0) == (response.status, response.local, target.asked, request.outcome.attempts)


@pytest.mark.parametrize("last_is_good", [True, False])
async def test_error_of_a_target_is_gone_with_its_last_reader(last_is_good: bool) -> None:
    """Errors hold the frames that they passed, with all that these saw: none stays until the next collection."""
    made: list[weakref.ref[ConnectFailed]] = []

    class Refusing(_Target):
        async def exchange(self, request: Request) -> Response:
            self.error = ConnectFailed()
            made.append(weakref.ref(self.error))
            try:
                return await super().exchange(request)
            finally:
                self.error = None

    targets = [Refusing(1), Refusing(2), _Target(3) if last_is_good else Refusing(3)]
    gc.disable()
    try:
        with contextlib.suppress(ConnectFailed):
            await _forwarder(targets)(Request("GET", b"/"))
        assert [None] * len(made) == [error() for error in made]
    finally:
        gc.enable()
