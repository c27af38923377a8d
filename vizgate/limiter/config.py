"""What the YAML may say about limits.

In: ``LimitConfig`` (one entry under ``limits``) and its tiers. Not in: deciding (the rules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import Integer, PositiveDuration, RateField
from vizgate.message.headers import encode_name

AlgorithmName = Literal["token_bucket", "sliding_window", "fixed_window", "concurrency", "quota"]
OnFailure = Literal["allow", "deny"]

_KEY = re.compile(r"ip|user|api_key|route|(?:header|cookie):.+")


def _key(text: str) -> str:
    if _KEY.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a key. Write ip, user, api_key, route, header:NAME or cookie:NAME")
    kind, _, name = text.partition(":")
    if kind == "header":
        encode_name(name)
    return text


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


#: What is counted apart: one thing, or the combination of several.
Key = Annotated[
    tuple[Annotated[str, AfterValidator(_key)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1, max_length=8),
]


class LineConfig(ComponentConfig):
    """How much, and what is counted apart."""

    rate: RateField | None = Field(default=None, description="How much in how long, such as `100/minute`.")
    burst: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="token_bucket: how many may come at once. Default: the whole rate's count."
    )
    in_flight: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="concurrency: how many at a time."
    )
    quota: Annotated[Integer, Field(ge=1)] | None = Field(default=None, description="quota: how much per period.")
    per: Literal["day", "month"] | None = Field(default=None, description="quota: the calendar period, in UTC.")
    key: Key = Field(
        default=("ip",), description="ip, user, api_key, route, header:NAME, cookie:NAME, or a list of them."
    )


class LimitConfig(LineConfig):
    """One limit: a single line, or one line for each tier."""

    algorithm: AlgorithmName = Field(default="token_bucket", description="How it is counted.")
    tiers: dict[str, LineConfig] = Field(
        default_factory=dict,
        description="Lines by tier of the identity; `anonymous` without one, `authenticated` for tiers not listed.",
    )
    cost: Annotated[Integer, Field(ge=1)] | Annotated[str, Field(pattern=r"^response:.+$")] = Field(
        default=1,
        description="What a request spends: a number, or `response:NAME`, a field of the response that tells.",
    )
    on_store_failure: OnFailure = Field(default="allow", description="What happens while the store cannot be asked.")
    lease: PositiveDuration = Field(
        default=300.0,
        description="concurrency: after this long a request no longer counts, should its worker have died.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        own = [key for key in ("rate", "in_flight", "quota") if getattr(self, key) is not None]
        if self.tiers and own:
            raise ValueError(f"a limit has tiers or {own[0]}, not both. Move it into a tier")
        for name, line in self.lines().items():
            check_line(self.algorithm, line, f"tier {name}" if self.tiers else "the limit")
        return self

    def lines(self) -> dict[str, LineConfig]:
        """The lines by tier; "" for a limit without tiers."""
        return dict(self.tiers) if self.tiers else {"": self}


def check_line(algorithm: AlgorithmName, line: LineConfig, what: str) -> None:
    """Return when *line* says what *algorithm* needs and nothing else. Raises: ValueError."""
    wanted = {"concurrency": {"in_flight"}, "quota": {"quota", "per"}}.get(algorithm, {"rate"})
    given = {key for key in ("rate", "burst", "in_flight", "quota", "per") if getattr(line, key) is not None}
    missing, surplus = wanted - given, given - wanted - ({"burst"} if algorithm == "token_bucket" else set())
    if missing:
        raise ValueError(f"{what} has no {' and '.join(sorted(missing))}, which {algorithm} needs")
    if surplus:
        raise ValueError(f"{what} has {' and '.join(sorted(surplus))}, which {algorithm} does not use. Remove it")
