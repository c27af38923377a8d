"""The rule alone, without a gateway."""

from __future__ import annotations

import random

from acme_scatter import Scatter

from vizgate import BalancerConfig, Context
from vizgate.testing import check_balancer


def scatter(weights: list[int], seed: int = 1) -> Scatter:
    return Scatter.of(weights, config=BalancerConfig(), context=Context(random=random.Random(seed)))


def test_scatter_meets_contract() -> None:
    """Equal shares, whoever is excluded, and constant steps."""
    check_balancer(scatter, picks=10_000)


def test_gateways_begin_anywhere() -> None:
    """The first requests of many gateways go to all targets."""
    assert {0, 1, 2, 3} == {scatter([1, 1, 1, 1], seed).pick() for seed in range(50)}
