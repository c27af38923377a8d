"""From the names in the YAML to rules."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from vizgate.balancer.build import build_balancer
from vizgate.balancer.config import BalancerName, Weight
from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.weighted import WeightedRoundRobin


def test_build_balancer_round_robin_ignores_weights() -> None:
    """``round_robin`` gives every target the same share, whatever its weight."""
    balancer = build_balancer("round_robin")
    balancer.update(RoundRobin.of([9, 1]).members)
    assert isinstance(balancer, RoundRobin)
    assert [balancer.pick(frozenset()) for _ in range(4)] == [0, 1, 0, 1]


def test_build_balancer_weighted_follows_weights() -> None:
    """``weighted`` is smooth weighted round robin."""
    balancer = build_balancer("weighted")
    balancer.update(RoundRobin.of([3, 1]).members)
    assert isinstance(balancer, WeightedRoundRobin)
    assert [balancer.pick(frozenset()) for _ in range(4)] == [0, 0, 1, 0]


@pytest.mark.parametrize("name", ["", "least_connections", "Weighted", {"hash": {"on": "ip"}}])
def test_balancer_name_unknown_is_refused(name: object) -> None:
    """Only the rules that are here have a name, and the error lists them."""
    with pytest.raises(ValidationError, match="'round_robin' or 'weighted'"):
        TypeAdapter(BalancerName).validate_python(name)


@pytest.mark.parametrize("weight", [0, -1, 65_536, "many", 1.5, True])
def test_weight_out_of_range_is_refused(weight: object) -> None:
    """A weight is a whole number from 1 to 65,535."""
    with pytest.raises(ValidationError):
        TypeAdapter(Weight).validate_python(weight)
