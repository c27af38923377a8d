"""What one pick costs, by rule, by number of targets, and with a target excluded; the law is 2 us at 100 targets."""

from __future__ import annotations

import random
from itertools import cycle

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.balancer.affinity.cookie import CookieAffinity
from vizgate.balancer.build import RULES
from vizgate.balancer.config import AffinityConfig
from vizgate.balancer.hashing.key import compile_key
from vizgate.balancer.weighted import WeightedRoundRobin
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Balancer
from vizgate.message.headers import Headers
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

NOBODY: frozenset[int] = frozenset()
FIRST = frozenset({0})


def balancer_of(rule: str, targets: int) -> Balancer:
    balancer = RULES[rule].of([1 + index % 3 for index in range(targets)], context=Context(random=random.Random(1)))
    for number, member in enumerate(balancer.members):
        member.state.latency_s = 0.01 + number / 1e4
    return balancer


@pytest.mark.parametrize("targets", [3, 100, 1000])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_pick(benchmark: BenchmarkFixture, rule: str, targets: int) -> None:
    pick = balancer_of(rule, targets).pick
    chance = random.Random(2)
    keys = cycle([chance.getrandbits(64) for _ in range(10_000)])
    if RULES[rule].wants_key:
        benchmark(lambda: pick(NOBODY, next(keys)))
    else:
        benchmark(pick)


@pytest.mark.parametrize("targets", [100])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_pick_one_excluded(benchmark: BenchmarkFixture, rule: str, targets: int) -> None:
    benchmark(balancer_of(rule, targets).pick, FIRST, 1 << 60)


@pytest.mark.parametrize("targets", [100])
@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if RULES[rule].wants_load))
def test_whole_attempt(benchmark: BenchmarkFixture, rule: str, targets: int) -> None:
    """A pick, the beginning of the attempt, and the end of an older one."""
    balancer = balancer_of(rule, targets)
    states = {member.index: member.state for member in balancer.members}
    chance = random.Random(3)
    running: list[int] = []

    def attempt() -> None:
        picked = balancer.pick(NOBODY, chance.getrandbits(64))
        assert picked is not None
        states[picked].in_flight += 1
        balancer.started(picked)
        running.append(picked)
        if len(running) > 200:
            ended = running.pop(0)
            states[ended].in_flight -= 1
            balancer.ended(ended)

    benchmark(attempt)


@pytest.mark.parametrize("targets", [3, 100])
def test_weighted_step_by_step(benchmark: BenchmarkFixture, targets: int) -> None:
    """Weights whose cycle is too long to lay out."""
    benchmark(WeightedRoundRobin.of([65_535 - index for index in range(targets)]).pick, NOBODY)


@pytest.mark.parametrize("rule", ["random", "hash", "weighted"])
def test_update(benchmark: BenchmarkFixture, rule: str) -> None:
    """One of 1,000 targets leaves and comes back."""
    balancer = balancer_of(rule, 1000)
    everyone = balancer.members

    def flap() -> None:
        balancer.update(everyone[1:])
        balancer.update(everyone)

    benchmark(flap)


@pytest.mark.parametrize("on", ["ip", "path", "header:X-User", "cookie:sid"])
def test_key(benchmark: BenchmarkFixture, on: str) -> None:
    fields = [(b"Accept", b"*/*"), (b"Cookie", b"a=b; sid=12345"), (b"X-User", b"acme")]
    request = Request("GET", b"/a/b?c", Headers(fields), client="192.0.2.1")
    benchmark(compile_key(on, random.Random(1)), request)


def test_affinity(benchmark: BenchmarkFixture) -> None:
    """A client that has been here."""
    addresses = [f"192.0.2.{number}:80" for number in range(100)]
    affinity = CookieAffinity(AffinityConfig(cookie="VZSID"), b"k" * 32, "users", addresses, Metrics())
    response = Response(200)
    affinity.remember(Request("GET", b"/"), response, 7)
    cookie = response.headers["Set-Cookie"].partition(";")[0].encode()
    request = Request("GET", b"/", Headers([(b"Accept", b"*/*"), (b"Cookie", b"a=b; " + cookie)]))
    assert affinity.wanted(request) == 7
    benchmark(affinity.wanted, request)
