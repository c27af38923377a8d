"""Every rule that vizgate brings along keeps the contract of ``Balancer``."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from vizgate.balancer.chance.peak_ewma import PeakEwma
from vizgate.balancer.chance.two_choices import PowerOfTwo
from vizgate.balancer.chance.weighted_random import WeightedRandom
from vizgate.balancer.hashing.consistent_hash import ConsistentHash
from vizgate.balancer.least_connections import LeastConnections
from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.weighted import WeightedRoundRobin
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Balancer
from vizgate.testing import ManualClock, check_balancer


def seeded(kind: type[Balancer], weights: Sequence[int]) -> Balancer:
    return kind.of(weights, context=Context(random=random.Random(1), clock=ManualClock()))


def test_round_robin_meets_contract() -> None:
    """Equal turns."""
    check_balancer(lambda weights: RoundRobin.of([1] * len(weights)))


@pytest.mark.parametrize("kind", [WeightedRoundRobin, LeastConnections])
def test_rule_that_takes_turns_meets_contract(kind: type[Balancer]) -> None:
    """Shares by weight to half a percent."""
    check_balancer(kind.of, follows_weights=True)


@pytest.mark.parametrize("kind", [WeightedRandom, PowerOfTwo, PeakEwma])
def test_rule_that_draws_lots_meets_contract(kind: type[Balancer]) -> None:
    """Shares by weight as far as chance lets them."""
    check_balancer(lambda weights: seeded(kind, weights), follows_weights=True, tolerance=0.015)


def test_consistent_hash_meets_contract() -> None:
    """Shares by weight as far as points on a ring let them."""
    check_balancer(lambda weights: seeded(ConsistentHash, weights), follows_weights=True, tolerance=0.08)
