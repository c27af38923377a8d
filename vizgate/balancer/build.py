"""From the name in the YAML to a rule.

In: ``build_balancer``. Not in: the names themselves (``balancer.config``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.balancer.config import BalancerName
from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.rule import Balancer
from vizgate.balancer.weighted import WeightedRoundRobin


def build_balancer(name: BalancerName, weights: Sequence[int]) -> Balancer:
    """A fresh balancer for as many targets as there are *weights*; ``round_robin`` does not look at what they say.

    Raises: ValueError: no weights, or one below 1.
    """
    if name == "weighted":
        return WeightedRoundRobin(weights)
    return RoundRobin(len(weights))
