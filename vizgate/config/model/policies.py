"""Policies by name, and what holds for every route that does not say otherwise.

In: ``DefaultsConfig`` and the field types that name policies. Not in: the policies (``auth``, ``limiter``, ``cors``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from vizgate.config.model.base import ConfigModel
from vizgate.cors.config import CorsConfig
from vizgate.extension.values.fields import Duration, Size

PolicyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}$")]


def _names(value: Any) -> Any:
    """One name is a list of one; ``none`` is an empty one."""
    if value == "none":
        return ()
    return (value,) if isinstance(value, str) else value


_NAMES = BeforeValidator(_names, json_schema_input_type=str | tuple[str, ...])

#: Names under ``auth``.
AuthNames = Annotated[tuple[str, ...], _NAMES]

#: Names under ``limits``.
LimitNames = Annotated[tuple[str, ...], _NAMES]


def _cors(value: Any) -> Any:
    return None if value == "none" else value


#: CORS rules, or ``none``.
CorsSetting = Annotated[
    CorsConfig | None, BeforeValidator(_cors, json_schema_input_type=CorsConfig | Literal["none"] | None)
]


class DefaultsConfig(ConfigModel):
    """What holds for every route that does not have the key itself."""

    auth: AuthNames = Field(default=(), description="Authenticators; a public route then says `auth: none`.")
    limit: LimitNames = Field(default=(), description="Limits; a route without one then says `limit: none`.")
    cors: CorsConfig | None = Field(default=None, description="Which pages of other origins may read the answers.")
    body_limit: Size | None = Field(default=None, description="Longest request body. 0 means no limit.")
    timeout: Duration = Field(default=0.0, description="Over everything, retries included: 504. 0 means no limit.")
