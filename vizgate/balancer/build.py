"""From what the YAML says to a rule.

In: ``RULES`` and ``build_balancer``. Not in: finding a rule of one's own (``extension.registry``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.balancer.chance.peak_ewma import PeakEwma
from vizgate.balancer.chance.two_choices import PowerOfTwo
from vizgate.balancer.chance.weighted_random import WeightedRandom
from vizgate.balancer.config import AnyBalancerConfig, HashBalancerConfig, OwnBalancerConfig
from vizgate.balancer.hashing.consistent_hash import ConsistentHash
from vizgate.balancer.least_connections import LeastConnections
from vizgate.balancer.round_robin import RoundRobin
from vizgate.balancer.weighted import WeightedRoundRobin
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Balancer
from vizgate.extension.making import make
from vizgate.extension.registry import Registry

#: What vizgate brings along, by name.
RULES: Mapping[str, type[Balancer]] = {
    "ewma": PeakEwma,
    "hash": ConsistentHash,
    "least_connections": LeastConnections,
    "power_of_two": PowerOfTwo,
    "random": WeightedRandom,
    "round_robin": RoundRobin,
    "weighted": WeightedRoundRobin,
}


def build_balancer(
    setting: AnyBalancerConfig, context: Context | None = None, registry: Registry | None = None
) -> Balancer:
    """A fresh balancer without members. Args: registry: where a rule of one's own is found; default: what is installed.

    Raises: PluginError: there is none, or it cannot be used.
    """
    if isinstance(setting, OwnBalancerConfig):
        kind = (registry or Registry(RULES)).resolve_balancer(setting.use)
        return make(kind, setting.read(kind.Config), context)
    if isinstance(setting, HashBalancerConfig):
        return ConsistentHash(setting.hash, context)
    return RULES[setting](None, context)
