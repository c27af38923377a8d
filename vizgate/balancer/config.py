"""What the YAML may say about balancing.

In: the names of the rules, hashing, affinity, and the weight of a target. Not in: the rules (the modules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import Duration, Integer, Number, SecretField

BalancerName = Literal["round_robin", "weighted"]
#: The share of a target relative to the weights of the others. There is no 0: a target without requests is not listed.
Weight = Annotated[Integer, Field(ge=1, le=65_535)]

_HASH_ON = re.compile(r"ip|path|(?:header|cookie):[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def _hash_on(text: str) -> str:
    if _HASH_ON.fullmatch(text) is None:
        raise ValueError(f"{text!r} cannot be hashed on. Write ip, path, header:NAME or cookie:NAME")
    return text


class HashConfig(ComponentConfig):
    """Consistent hashing with bounded load: equal keys go to one target as long as it is not overloaded."""

    on: Annotated[str, AfterValidator(_hash_on)] = Field(description="ip, path, header:NAME or cookie:NAME.")
    load: Annotated[Number, Field(ge=1.0, le=10.0)] = Field(
        default=1.25, description="How much more than the average a target may have in flight before its keys move on."
    )


class HashBalancerConfig(ComponentConfig):
    """``{hash: {on: ip}}``."""

    hash: HashConfig = Field(description="Consistent hashing.")


class AffinityConfig(ComponentConfig):
    """A client stays with its target: a signed cookie names it; when the target is gone, another takes over."""

    cookie: str = Field(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$", description="Name of the cookie.")
    max_age: Duration = Field(default=0.0, description="How long a browser keeps it; 0 for its session.")
    secret: SecretField | None = Field(
        default=None, description="Signs the cookie; one for all machines. Default: a new one at every start."
    )
