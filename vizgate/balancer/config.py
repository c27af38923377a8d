"""What the YAML may say about balancing.

In: the names of the rules, hashing, rules of one's own, affinity, and the weight of a target. Not in: the rules (the
modules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from vizgate.extension.contract import ComponentConfig, OpenConfig
from vizgate.extension.kinds.balancer import BalancerConfig
from vizgate.extension.values.field_names import arriving_field_name
from vizgate.extension.values.fields import Duration, Integer, Number, Secret, SecretField

BalancerName = Literal["round_robin", "weighted", "least_connections", "random", "power_of_two", "ewma"]
#: The share of a target relative to the weights of the others. There is no 0: a target without requests is not listed.
Weight = Annotated[Integer, Field(ge=1, le=65_535)]
#: Rules that have no place for a weight: one gives equal turns, the other measures what a target can do.
WEIGHTLESS = frozenset({"round_robin", "ewma"})

_LEAST_SECRET_BYTES = 32
_HASH_ON = r"ip|path|(?:header|cookie):[!#$%&'*+\-.^_`|~0-9A-Za-z]+"


def _hash_on(text: str) -> str:
    if re.fullmatch(_HASH_ON, text) is None:
        raise ValueError(f"{text!r} cannot be hashed on. Write ip, path, header:NAME or cookie:NAME")
    kind, _, name = text.partition(":")
    if kind == "header":
        # No request would have it, and all would be spread out.
        arriving_field_name(name)
    return text


class HashConfig(BalancerConfig):
    """Consistent hashing with bounded load: equal keys go to one target as long as it is not overloaded."""

    on: Annotated[str, AfterValidator(_hash_on)] = Field(
        description="ip, path, header:NAME or cookie:NAME. Requests without it are spread out.",
        json_schema_extra={"pattern": rf"^({_HASH_ON})$|\$\{{"},
    )
    load: Annotated[Number, Field(ge=1.0, le=10.0)] = Field(
        default=1.25, description="How many times its share a target may have in flight before its keys move on."
    )


class HashBalancerConfig(ComponentConfig):
    """``{hash: {on: ip}}``."""

    hash: HashConfig = Field(description="Consistent hashing.")


class OwnBalancerConfig(OpenConfig):
    """A rule of one's own; its class says which other keys there are."""

    use: str = Field(
        min_length=1, description="For a rule of one's own: the name of a plugin, or `package.module:Class`."
    )


AnyBalancerConfig = BalancerName | HashBalancerConfig | OwnBalancerConfig


def _form_of(value: Any) -> str:
    if isinstance(value, HashBalancerConfig) or (isinstance(value, dict) and "use" not in value):
        return "hashing"
    return "own" if isinstance(value, (dict, OwnBalancerConfig)) else "name"


#: A name, ``{hash: ...}`` or ``{use: ...}``.
BalancerSetting = Annotated[
    Annotated[BalancerName, Tag("name")]
    | Annotated[HashBalancerConfig, Tag("hashing")]
    | Annotated[OwnBalancerConfig, Tag("own")],
    Discriminator(_form_of),
]


def told(balancer: AnyBalancerConfig) -> str:
    """*balancer* in words."""
    if isinstance(balancer, HashBalancerConfig):
        return f"hash of {balancer.hash.on}"
    return balancer.use if isinstance(balancer, OwnBalancerConfig) else balancer


def _long_enough(secret: Secret) -> Secret:
    if len(secret.reveal().encode()) < _LEAST_SECRET_BYTES:
        raise ValueError(f"is too short to sign with. Use {_LEAST_SECRET_BYTES} random characters or more")
    return secret


class AffinityConfig(ComponentConfig):
    """A client stays with its target: a signed cookie names it; when the target is gone, another takes over."""

    cookie: str = Field(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$", description="Name of the cookie.")
    max_age: Duration = Field(default=0.0, description="How long a browser keeps it; 0 for its session.")
    secret: Annotated[SecretField, AfterValidator(_long_enough)] | None = Field(
        default=None,
        description="Signs the cookie, the same for all gateways of a service. Default: one that all gateways of the "
        "`store` agree on; with `store: memory` a new one at every start.",
    )
