"""What choosing a target costs a request: the plain forwarder, and the one that counts attempts."""

from __future__ import annotations

import random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.balancer.affinity.cookie import CookieAffinity
from vizgate.balancer.build import RULES
from vizgate.balancer.chance.latency import LatencyWatcher
from vizgate.balancer.config import AffinityConfig
from vizgate.balancer.hashing.key import compile_key
from vizgate.clock import SystemClock
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.gateway.service_parts.balancing import adopting
from vizgate.message.headers import Headers
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.forward import Forwarder
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.service import ServiceForwarder, ServicePolicies
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.pipeline.target_state import TargetState

RESPONSE = Response(200)


class _Target:
    """Answers at once."""

    address = "192.0.2.1:80"

    async def exchange(self, request: Request) -> Response:
        if request.attempt_ended is not None:
            request.attempt_ended(Termination.NORMAL)
        return RESPONSE


async def _sleep(_: float) -> None:
    raise AssertionError


def forwarder(rule: str, *, with_affinity: bool = False) -> Handler:
    clock = SystemClock()
    targets = tuple(ServiceTarget(_Target(), TargetState("it", f"192.0.2.{n}:80")) for n in range(10))
    kind = RULES[rule]
    balancer = kind(None, Context(clock=clock, random=random.Random(1)))
    chosen = TargetSet(targets, Selection(), clock.monotonic, adopting(balancer, targets))
    chosen.attach()
    if not kind.wants_load and not with_affinity:
        return Forwarder("it", chosen, balancer, clock)
    policies = ServicePolicies(
        key_of=compile_key("ip", random.Random(1)) if kind.wants_key else None,
        watchers=(LatencyWatcher(),) if kind.wants_latency else (),
        affinity=affinity(targets) if with_affinity else None,
    )
    return ServiceForwarder("it", chosen, balancer, policies, clock, _sleep)


def affinity(targets: tuple[ServiceTarget, ...]) -> CookieAffinity:
    addresses = [target.state.address for target in targets]
    return CookieAffinity(AffinityConfig(cookie="VZSID"), b"k" * 32, "it", addresses, Metrics())


def request_once(handler: Handler, fields: list[tuple[bytes, bytes]]) -> None:
    try:
        handler(Request("GET", b"/a", Headers(fields), client="192.0.2.9")).__await__().send(None)
    except StopIteration:
        return
    raise AssertionError


@pytest.mark.parametrize("rule", sorted(RULES))
def test_request(benchmark: BenchmarkFixture, rule: str) -> None:
    benchmark(request_once, forwarder(rule), [])


def test_request_with_affinity(benchmark: BenchmarkFixture) -> None:
    """A client that has its cookie."""
    handler = forwarder("round_robin", with_affinity=True)
    request_once(handler, [])
    cookie = RESPONSE.headers["Set-Cookie"].partition(";")[0].encode()
    benchmark(request_once, handler, [(b"Accept", b"*/*"), (b"Cookie", cookie)])
