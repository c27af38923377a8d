"""What the YAML may say about limits.

In: ``LimitConfig`` (one entry under ``limits``) and its tiers. Not in: deciding (the rules beside this).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.field_names import shown_field_name
from vizgate.extension.values.fields import Integer, PositiveDuration, RateField
from vizgate.limiter import rules
from vizgate.limiter.rules import Rule
from vizgate.message.headers import encode_name

AlgorithmName = Literal["token_bucket", "sliding_window", "fixed_window", "concurrency", "quota"]
OnFailure = Literal["allow", "deny"]

#: The lines for requests without an identity, and for identities whose tier has no line.
ANONYMOUS: Final = "anonymous"
AUTHENTICATED: Final = "authenticated"

_KEY = re.compile(r"ip|user|api_key|route|(?:header|cookie):.+", re.DOTALL)
#: Numbers that a line may have, and those that an algorithm needs.
_NUMBERS = ("rate", "burst", "in_flight", "quota", "per")
_NEEDED = {"concurrency": {"in_flight"}, "quota": {"quota", "per"}}
_MAX_COUNT = 10**15


def _key(text: str) -> str:
    if _KEY.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a key. Write ip, user, api_key, route, header:NAME or cookie:NAME")
    kind, _, name = text.partition(":")
    if kind == "header":
        # All requests lack a field that never comes through, so they would share one counter.
        shown_field_name(name)
    elif name:
        # The name of a cookie is a token, too (RFC 6265 4.1.1).
        encode_name(name.encode("utf-8"))
    return text


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


#: What is counted apart: one thing, or the combination of several.
Key = Annotated[
    tuple[Annotated[str, AfterValidator(_key)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1, max_length=8),
]
Count = Annotated[Integer, Field(ge=1, le=_MAX_COUNT)]


class LineConfig(ComponentConfig):
    """How much, and what is counted apart."""

    rate: RateField | None = Field(default=None, description="How much in how long, such as `100/minute`.")
    burst: Count | None = Field(
        default=None, description="token_bucket: how many may come at once. Default: the whole rate's count."
    )
    in_flight: Count | None = Field(default=None, description="concurrency: how many at a time.")
    quota: Count | None = Field(default=None, description="quota: how much per period.")
    per: Literal["day", "month"] | None = Field(default=None, description="quota: the calendar period, in UTC.")
    key: Key = Field(
        default=("ip",), description="ip, user, api_key, route, header:NAME, cookie:NAME, or a list of them."
    )


class LimitConfig(LineConfig):
    """One limit: a single line, or one line for each tier."""

    algorithm: AlgorithmName = Field(default="token_bucket", description="How it is counted.")
    tiers: dict[Annotated[str, Field(min_length=1, max_length=100)], LineConfig] = Field(
        default_factory=dict,
        description="Lines by tier of the identity; `anonymous` without one, `authenticated` for tiers not listed. "
        "Where one of these two is missing, the other stands in.",
    )
    cost: Count | Annotated[str, Field(pattern=r"^response:[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")] = Field(
        default=1,
        description="What a request spends: a number, or `response:NAME`, a field of the response that tells.",
    )
    on_store_failure: OnFailure = Field(
        default="allow", description="What happens while the store cannot be asked: `allow`, or `deny` with 503."
    )
    lease: PositiveDuration = Field(
        default=300.0,
        ge=1.0,
        description="concurrency: how long a place stays taken after its worker has died.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.tiers:
            self._check_tiers()
        for name, line in self.lines().items():
            _check_line(self.algorithm, line, f"tier {name}" if self.tiers else "the limit")
            rule = self.rule(line)
            if self.algorithm != "concurrency" and isinstance(self.cost, int) and self.cost > rule.at_once:
                raise ValueError(f"a cost of {self.cost} can never pass: {rule.at_once} at once is the most")
        if self.algorithm == "concurrency" and "cost" in self.model_fields_set:
            raise ValueError("cost has no effect with concurrency. Remove it")
        if self.algorithm != "concurrency" and "lease" in self.model_fields_set:
            raise ValueError(f"lease has no effect with {self.algorithm}. Remove it")
        return self

    def _check_tiers(self) -> None:
        own = [key for key in (*_NUMBERS, "key") if key in self.model_fields_set]
        if own:
            raise ValueError(f"a limit has tiers or {own[0]}, not both. Move it into a tier")
        if ANONYMOUS not in self.tiers and AUTHENTICATED not in self.tiers:
            raise ValueError(
                f"tiers has neither {ANONYMOUS} nor {AUTHENTICATED}, so that requests of other tiers have no line. "
                f"Add {AUTHENTICATED}, and {ANONYMOUS} for requests without an identity"
            )

    def lines(self) -> dict[str, LineConfig]:
        """The lines by tier; "" for a limit without tiers."""
        return dict(self.tiers) if self.tiers else {"": self}

    def tier_of(self, tier: str | None) -> str:
        """Whose line an identity of *tier* gets, "" in a limit without tiers. Args: tier: None without an identity."""
        if not self.tiers:
            return ""
        if tier is not None and tier in self.tiers:
            return tier
        first, second = (ANONYMOUS, AUTHENTICATED) if tier is None else (AUTHENTICATED, ANONYMOUS)
        return first if first in self.tiers else second

    def with_numbers(self, tier: str, numbers: Mapping[str, Any]) -> LimitConfig:
        """This limit with other *numbers*, by the names and in the notation of the YAML, in the line of *tier*.

        Raises: KeyError: there is no such line ("" is that of a limit without tiers). ValueError: they cannot be used.
        """
        said = self.model_dump(mode="json", exclude_unset=True)
        line = said["tiers"][tier] if self.tiers else {"": said}[tier]
        line.update(numbers)
        return LimitConfig.model_validate(said)

    def rule(self, line: LineConfig) -> Rule:
        """How *line*, one of ``lines``, counts. Raises: ValueError: it cannot."""
        if self.algorithm == "concurrency":
            assert line.in_flight is not None
            return rules.concurrency(line.in_flight, self.lease)
        if self.algorithm == "quota":
            assert line.quota is not None
            assert line.per is not None
            return rules.quota(line.quota, line.per)
        assert line.rate is not None
        if self.algorithm == "token_bucket":
            return rules.token_bucket(line.rate, line.burst)
        window = rules.sliding_window if self.algorithm == "sliding_window" else rules.fixed_window
        return window(line.rate)


def _check_line(algorithm: AlgorithmName, line: LineConfig, what: str) -> None:
    """Return when *line* says what *algorithm* needs and nothing else. Raises: ValueError."""
    wanted = _NEEDED.get(algorithm, {"rate"})
    given = {key for key in _NUMBERS if getattr(line, key) is not None}
    missing, surplus = wanted - given, given - wanted - ({"burst"} if algorithm == "token_bucket" else set())
    if missing:
        raise ValueError(f"{what} has no {' and '.join(sorted(missing))}, which {algorithm} needs")
    if surplus:
        raise ValueError(f"{what} has {' and '.join(sorted(surplus))}, which {algorithm} does not use. Remove it")
