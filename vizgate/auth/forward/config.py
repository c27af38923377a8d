"""What the YAML may say about an outside authoriser.

In: ``ForwardAuthConfig``. Not in: asking it (``auth.forward.authenticator``).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vizgate.extension.kinds.authenticator import AuthenticatorConfig
from vizgate.extension.values.field_names import FieldName, RequestFieldName, ShownFieldName
from vizgate.extension.values.fields import Duration, Integer, PositiveDuration
from vizgate.extension.values.urls import HttpUrl


class ForwardAuthConfig(AuthenticatorConfig):
    """``kind: forward_auth``: a service of one's own decides; 2xx lets in, 401 and 403 are passed on, anything else is
    503.
    """

    kind: Literal["forward_auth"] = Field(description="An outside authoriser.")
    url: HttpUrl = Field(
        description="Asked with GET about every request; it sees X-Forwarded-Method, -Uri, -Host and -For."
    )
    request_headers: tuple[ShownFieldName, ...] = Field(
        default=("Authorization", "Cookie"),
        description="Fields of the request that it is shown. A request with none of them shows no credential. `[]`: it "
        "is asked about every request.",
    )
    copy_headers: tuple[RequestFieldName, ...] = Field(
        default=(), description="Fields of its answer that the service gets; a client's own of these names never pass."
    )
    user_header: FieldName | None = Field(
        default="X-Auth-User",
        description="The field of its answer that names the user; without it the answer counts as none (503). `null`: "
        "everybody it lets in is one user, called by the name of the authenticator.",
    )
    tier_header: FieldName | None = Field(default=None, description="The field of its answer that names the tier.")
    scopes_header: FieldName | None = Field(default=None, description="The field of its answer that lists the scopes.")
    timeout: PositiveDuration = Field(default=3.0, description="How long it may take. Over it: 503.")
    cache_ttl: Duration = Field(default=0.0, description="How long a yes is remembered for the same fields and target.")
    cache: Integer = Field(default=10_000, ge=0, description="How many answers are remembered.")
    concurrency: Integer = Field(default=256, ge=1, description="Most questions at once. Over it: 503.")
