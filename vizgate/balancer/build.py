"""From the name in the YAML to a rule.

In: ``build_balancer``. Not in: the names themselves (``balancer.config``).
"""

from __future__ import annotations

from vizgate.balancer.config import BalancerName
from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.weighted import WeightedRoundRobin
from vizgate.extension.balancer import Balancer
from vizgate.extension.contract import Context

_RULES: dict[str, type[Balancer]] = {"round_robin": RoundRobin, "weighted": WeightedRoundRobin}


def build_balancer(name: BalancerName, context: Context | None = None) -> Balancer:
    """A fresh balancer without members."""
    return _RULES[name](None, context)
