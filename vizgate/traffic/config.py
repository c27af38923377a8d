"""What the YAML may say about splits, mirrors and faults.

In: ``SplitEntryConfig``, ``MirrorConfig``, ``FaultConfig``. Not in: acting on them (the modules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig, MiddlewareConfig
from vizgate.extension.values.field_names import ArrivingFieldName, arriving_field_name
from vizgate.extension.values.fields import Duration, Flag, Integer, Number, PositiveDuration, SecretField, Size
from vizgate.units import KIB

_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

Percent = Annotated[Number, Field(gt=0, le=100)]


def _cookie_name(name: str) -> str:
    if _COOKIE_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a cookie. Use letters, digits, '-' and '_'")
    return name


def _sticky_by(text: str) -> str:
    kind, colon, name = text.partition(":")
    if not colon and kind in {"ip", "user"}:
        return text
    if kind == "cookie":
        return f"cookie:{_cookie_name(name)}"
    if kind == "header":
        arriving_field_name(name)
        return text
    raise ValueError(f"{text!r} tells no clients apart. Write ip, user, cookie:NAME or header:NAME")


#: What makes requests those of one client.
StickyBy = Annotated[str, AfterValidator(_sticky_by)]

CookieName = Annotated[str, AfterValidator(_cookie_name)]


class SplitEntryConfig(ComponentConfig):
    """One way of a split."""

    service: str = Field(min_length=1, description="Where these requests go.")
    weight: Annotated[Integer, Field(ge=0, le=10_000)] = Field(
        default=0, description="Its share of the clients, relative to the others; 0 for none by lot."
    )
    header: dict[ArrivingFieldName, str] = Field(
        default_factory=dict, description="Requests with one of these fields and values always go here."
    )
    cookie: dict[CookieName, str] = Field(
        default_factory=dict, description="Requests with one of these cookies and values always go here."
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.weight and not self.header and not self.cookie:
            raise ValueError("no request goes here. Write a weight above 0, header or cookie, or leave it out")
        return self


def refuse_unfit_ways(ways: tuple[SplitEntryConfig, ...]) -> tuple[SplitEntryConfig, ...]:
    """*ways*, which every request finds one of. Raises: ValueError: some would find none."""
    if not any(way.weight for way in ways):
        raise ValueError("no way has a weight, so most requests would go nowhere. Give one a weight")
    return ways


#: The ways of a split, in an order that should stay: those before keep their clients when a later weight changes.
SplitWays = Annotated[tuple[SplitEntryConfig, ...], AfterValidator(refuse_unfit_ways)]


class MirrorConfig(ComponentConfig):
    """A copy of some requests goes to another service, too; its answers are dropped."""

    service: str = Field(min_length=1, description="Where the copies go.")
    percent: Percent = Field(default=100, description="How many of 100 requests are copied.")
    body_limit: Size = Field(default=64 * KIB, description="A request with a longer body is not copied.")
    in_flight: Annotated[Integer, Field(ge=1, le=10_000)] = Field(
        default=64, description="Most copies at once; more are not sent."
    )
    timeout: PositiveDuration = Field(default=5.0, description="A copy that takes longer is given up.")


class FaultConfig(MiddlewareConfig):
    """Faults made on purpose, to see who copes with them."""

    percent: Percent = Field(default=100, description="How many of 100 requests have it.")
    delay: Duration = Field(default=0.0, description="How long a request waits first.")
    status: Annotated[Integer, Field(ge=400, le=599)] | None = Field(
        default=None, description="It is answered with this."
    )
    abort: Flag = Field(default=False, description="Its connection is reset.")
    header: ArrivingFieldName | None = Field(default=None, description="Only requests with this field have it...")
    secret: SecretField | None = Field(default=None, description="...and this value in it.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.delay and self.status is None and not self.abort:
            raise ValueError("a fault has none of delay, status and abort. Write one")
        if self.status is not None and self.abort:
            raise ValueError("status and abort exclude each other. Keep one")
        if (self.header is None) != (self.secret is None):
            raise ValueError("header and secret belong together. Write both")
        if self.secret is not None and not self.secret.reveal().strip():
            raise ValueError("the secret is empty, so anybody could send it. Write one that is hard to guess")
        return self
