"""What one pick costs, by rule, by number of targets, and with a target excluded."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.weighted import WeightedRoundRobin

NOBODY: frozenset[int] = frozenset()
FIRST = frozenset({0})


@pytest.mark.parametrize("targets", [1, 3, 100])
def test_round_robin(benchmark: BenchmarkFixture, targets: int) -> None:
    benchmark(RoundRobin.of([1] * targets).pick, NOBODY)


@pytest.mark.parametrize("targets", [3, 100])
def test_round_robin_one_excluded(benchmark: BenchmarkFixture, targets: int) -> None:
    benchmark(RoundRobin.of([1] * targets).pick, FIRST)


@pytest.mark.parametrize("targets", [3, 100])
def test_weighted_laid_out(benchmark: BenchmarkFixture, targets: int) -> None:
    benchmark(WeightedRoundRobin.of([1 + index % 3 for index in range(targets)]).pick, NOBODY)


@pytest.mark.parametrize("targets", [3, 100])
def test_weighted_step_by_step(benchmark: BenchmarkFixture, targets: int) -> None:
    """Weights whose cycle is too long to lay out."""
    benchmark(WeightedRoundRobin.of([65_535 - index for index in range(targets)]).pick, NOBODY)


@pytest.mark.parametrize("targets", [3, 100])
def test_weighted_one_excluded(benchmark: BenchmarkFixture, targets: int) -> None:
    benchmark(WeightedRoundRobin.of([1 + index % 3 for index in range(targets)]).pick, FIRST)
