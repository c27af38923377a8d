"""The ``tests`` part: requests that ``vizgate check`` sends through the gateway in memory, and what must come of them.

In: settings. Not in: running them (``cli``).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from vizgate.config.model.address import parse_authority
from vizgate.config.model.base import ConfigModel
from vizgate.config.problems import shown
from vizgate.extension.fields import Integer
from vizgate.message.identity import Identity


def _absolute_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"{shown(url)} is not an absolute URL. Write for example http://api.example.com/users/7")
    parse_authority(parts.netloc)
    return url


class CheckIdentity(ConfigModel):
    """Who sends a request, as if that had been verified."""

    user: str = Field(min_length=1, description="Who it is.")
    tier: str = Field(default="", description="The line of a limit's tiers.")
    scopes: tuple[str, ...] = Field(default=(), description="What they may do.")
    claims: dict[str, Any] = Field(default_factory=dict, description="What else is known of them.")

    def identity(self) -> Identity:
        """What stands in for a verified identity."""
        return Identity(self.user, self.tier, frozenset(self.scopes), claims=MappingProxyType(self.claims))


class CheckRequest(ConfigModel):
    """A request to try."""

    method: Annotated[str, Field(pattern=r"^[A-Z][A-Z\-]*$")] = Field(default="GET", description="In capitals.")
    url: Annotated[str, AfterValidator(_absolute_url)] = Field(
        description="Absolute, with the host the client would ask for."
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Request fields.")
    identity: CheckIdentity | None = Field(
        default=None,
        alias="as",
        description="Stands in for a verified identity; without it the request must show a credential.",
    )


class CheckExpectation(ConfigModel):
    """What must come of it; only what is written is compared."""

    route: str | None = Field(default=None, description="Name of the route that must match.")
    service: str | None = Field(default=None, description="Name of the service that must be asked.")
    status: Annotated[Integer, Field(ge=100, le=599)] | Literal["forwarded"] | None = Field(
        default=None,
        description="Status of the gateway's own answer, or `forwarded` when the request must reach its service.",
    )
    upstream_path: str | None = Field(
        default=None, description="Path, and query if there is one, that the upstream must see."
    )
    params: dict[str, str | int] | None = Field(
        default=None, description="Path parameters, typed as the route's path says."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is expected. Write status, route, service, upstream_path or params")
        return self


class CheckConfig(ConfigModel):
    """One test."""

    request: CheckRequest = Field(description="What to send.")
    expect: CheckExpectation = Field(description="What must come of it.")
