"""What only ``vizgate check`` reads: ``tests``, the requests that it sends through the gateway in memory and what must
come of them, and ``audit``, what its audit lets pass.

In: settings. Not in: running tests (``cli``) and looking for what is unwise (``config.audit``).
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from vizgate.config.model.address import parse_authority
from vizgate.config.model.base import ConfigModel
from vizgate.config.problems import shown
from vizgate.extension.values.fields import Integer
from vizgate.extension.values.network import parse_ip
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
    #: Named apart from pydantic's own ``json``; it is ``json`` in the YAML.
    json_: Any = Field(default=None, alias="json", description="Any value, sent as JSON, with the Content-Type of it.")
    body: str | None = Field(default=None, description="Instead of json: sent in UTF-8, as it is.")
    client: Annotated[str, AfterValidator(parse_ip)] = Field(
        default="127.0.0.1", description="The IP address that it comes from."
    )
    identity: CheckIdentity | None = Field(
        default=None,
        alias="as",
        description="Stands in for a verified identity; without it the request must show a credential.",
    )

    @property
    def sent_fields(self) -> dict[str, str]:
        """``headers``, with the Content-Type of ``json`` unless they have one."""
        has_type = any(name.lower() == "content-type" for name in self.headers)
        return self.headers if has_type or not self._has_json else {**self.headers, "Content-Type": "application/json"}

    @property
    def sent_body(self) -> bytes:
        """The body; b"" for none."""
        return json.dumps(self.json_).encode() if self._has_json else (self.body or "").encode()

    @property
    def _has_json(self) -> bool:
        # `json: null` is a body, too.
        return "json_" in self.model_fields_set

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self._has_json and self.body is not None:
            raise ValueError("json and body exclude each other. Keep one of them")
        return self


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

    name: str = Field(
        default="", max_length=200, description="What it is called in reports. Default: the method and the URL."
    )
    request: CheckRequest = Field(description="What to send.")
    expect: CheckExpectation = Field(description="What must come of it.")


class IgnoreConfig(ConfigModel):
    """Findings that are known and meant."""

    rule: str = Field(min_length=1, description="The id of a rule.")
    path: str | None = Field(
        default=None,
        min_length=1,
        description="Where: a path such as `services.users`, or the name of a route, with everything below. Default:"
        " everywhere.",
    )
    reason: str = Field(min_length=1, pattern=r"\S", description="Why it is meant; shown with the finding.")


class AuditConfig(ConfigModel):
    """What an audit is told."""

    ignore: tuple[IgnoreConfig, ...] = Field(default=(), description="Findings that do not count.")
