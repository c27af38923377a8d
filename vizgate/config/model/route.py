"""The ``routes`` part: which requests go where, and what happens on the way.

In: settings of one route. Not in: what needs other routes or services to be judged (``validate``).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from vizgate.auth.config import ClaimRule
from vizgate.config.model.base import ConfigModel
from vizgate.config.model.fallback import FallbackConfig
from vizgate.config.model.policies import AuthNames, CorsSetting, LimitNames
from vizgate.extension.contract import OpenConfig
from vizgate.extension.values.fields import Duration, Size
from vizgate.overload.config import Priority
from vizgate.router.config import MatchConfig
from vizgate.traffic.config import FaultConfig, MirrorConfig, SplitWays, StickyBy
from vizgate.transform.config import RedirectConfig, RespondConfig, RewriteConfig
from vizgate.validation.config import ValidationConfig

_ENDS = ("service", "split", "redirect", "respond")


class MiddlewareEntry(OpenConfig):
    """A middleware and its settings, which are the other keys; its own class says which there are."""

    use: str = Field(
        min_length=1, description="A name such as `headers` (`vizgate plugins` lists them), or `package.module:Class`."
    )


def _name(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("must be printable text without white space at its ends")
    return name


class RouteConfig(ConfigModel):
    """What to do with the requests that match; the most specific match wins, not the order."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [end]} for end in _ENDS]})

    name: Annotated[str, Field(max_length=200), AfterValidator(_name)] = Field(
        default="", description="Unique name, for logs, metrics and tests. Default: the path."
    )
    match: MatchConfig = Field(description="Which requests it is for.")
    service: str | None = Field(default=None, description="Name of the service that answers.")
    split: SplitWays | None = Field(
        default=None, description="Instead of one service: several, each with its share of the clients."
    )
    split_by: StickyBy = Field(
        default="ip",
        description="What makes requests those of one client, which a split keeps together: `ip`, `user`, "
        "`cookie:NAME` or `header:NAME`; where it is missing, the address.",
    )
    redirect: RedirectConfig | None = Field(
        default=None, description="Instead of a service: send the client elsewhere."
    )
    respond: RespondConfig | None = Field(default=None, description="Instead of a service: a fixed answer.")
    fallback: FallbackConfig | None = Field(
        default=None, description="What answers when the service cannot: another one, or a fixed answer."
    )
    priority: Priority = Field(
        default="normal",
        description="Who is served longest when not all can be (`server.overload`); `critical` is never turned away.",
    )
    mirror: MirrorConfig | None = Field(
        default=None, description="Another service that gets copies of the requests, and whose answers are dropped."
    )
    fault: FaultConfig | None = Field(default=None, description="Errors and delays made on purpose, for tests.")
    rewrite: RewriteConfig | None = Field(default=None, description="How the path changes on its way to the service.")
    auth: AuthNames = Field(
        default=(),
        description="Authenticators, any of which lets a request in; `none` makes a route public, `defaults` or not.",
    )
    scopes: tuple[str, ...] = Field(default=(), description="What the identity must be allowed, all of them. Else 403.")
    claims: dict[str, ClaimRule] = Field(
        default_factory=dict, description="What claims of the identity must be: a value, or one of a list. Else 403."
    )
    limit: LimitNames = Field(
        default=(), description="Limits that a request counts against: one or a list; `none` for none. Over one: 429."
    )
    cors: CorsSetting = Field(
        default=None,
        description="Which pages of other origins may read the answers; `none` for none, `defaults` or not.",
    )
    validation: ValidationConfig | None = Field(
        default=None, alias="validate", description="What messages are checked against, instead of the service's."
    )
    body_limit: Size | None = Field(
        default=None, description="Longest request body, instead of server.limits.body. 0 means no limit."
    )
    timeout: Duration = Field(default=0.0, description="Over everything, retries included: 504. 0 means no limit.")
    middleware: tuple[MiddlewareEntry, ...] = Field(
        default=(), description="What requests pass on their way, the first outermost."
    )

    @property
    def services(self) -> tuple[str, ...]:
        """The services that may answer, each once; none with ``redirect`` and ``respond``."""
        if self.split is not None:
            return tuple(dict.fromkeys(way.service for way in self.split))
        return () if self.service is None else (self.service,)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        ends = [end for end in _ENDS if getattr(self, end) is not None]
        if not ends:
            raise ValueError("a route has none of service, split, redirect and respond. Write one of them")
        if len(ends) > 1:
            raise ValueError(f"a route has {' and '.join(ends)}. Keep one of them")
        for key in ("rewrite", "fallback", "mirror"):
            if getattr(self, key) is not None and not self.services:
                raise ValueError(f"{key} has no effect with {ends[0]}. Remove it")
        if "split_by" in self.model_fields_set and self.split is None:
            raise ValueError("split_by has no effect without split. Remove it")
        if self.split_by == "user" and "auth" in self.model_fields_set and not self.auth:
            raise ValueError("split_by: user has no effect on a public route. Write auth, or another split_by")
        for key in ("scopes", "claims"):
            if getattr(self, key) and "auth" in self.model_fields_set and not self.auth:
                raise ValueError(f"{key} has no effect on a public route. Write auth, or remove {key}")
        return self
