"""What the YAML may say about balancing.

In: the names of the rules, the weight of a target. Not in: the rules (``balancer.round_robin``, ``balancer.weighted``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.extension.fields import Integer

BalancerName = Literal["round_robin", "weighted"]
#: The share of a target relative to the weights of the others. There is no 0: a target without requests is not listed.
Weight = Annotated[Integer, Field(ge=1, le=65_535)]
