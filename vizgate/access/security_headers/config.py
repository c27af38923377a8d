"""What the YAML may say under ``use: security_headers``.

In: ``SecurityHeadersConfig``. Not in: writing the fields (``access.security_headers.fields``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig, MiddlewareConfig
from vizgate.extension.values.fields import Duration, Flag
from vizgate.message.headers import encode_value

_YEAR_S = 365 * 86400.0


def _off(value: Any) -> Any:
    # YAML 1.2 reads off as a text.
    return None if value == "off" else value


def _value(text: str) -> str:
    try:
        encode_value(text)
    except ValueError:
        raise ValueError("a header value must not hold line breaks, NUL or control bytes. Remove them") from None
    return text


_OFF = BeforeValidator(_off, json_schema_input_type=str)
_Text = Annotated[str | None, _OFF, AfterValidator(lambda text: text if text is None else _value(text))]


class HstsConfig(ComponentConfig):
    """``Strict-Transport-Security``: a browser comes back by https only. Said to clients that came by https."""

    max_age: Duration = Field(default=_YEAR_S, description="How long a browser keeps to it. 0 makes it forget.")
    include_subdomains: Flag = Field(default=False, description="Whether it holds for every host below, too.")
    preload: Flag = Field(default=False, description="Whether browsers may ship with it; hard to take back.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        # The conditions of the browsers' common list (hstspreload.org).
        if self.preload and not (self.include_subdomains and self.max_age >= _YEAR_S):
            raise ValueError("preload needs include_subdomains and a max_age of 365d at least")
        return self


def _hsts(value: Any) -> Any:
    return None if value == "off" else value


class SecurityHeadersConfig(MiddlewareConfig):
    """Response fields that tell a browser to be careful. ``off`` leaves one out."""

    hsts: Annotated[HstsConfig | None, BeforeValidator(_hsts, json_schema_input_type=HstsConfig | Literal["off"])] = (
        Field(default=HstsConfig(), description="Strict-Transport-Security, to clients that came by https.")
    )
    content_type_options: _Text = Field(default="nosniff", description="X-Content-Type-Options.")
    frame_options: _Text = Field(
        default="DENY", description="X-Frame-Options: which pages may show this one in a frame."
    )
    referrer_policy: _Text = Field(
        default="strict-origin-when-cross-origin", description="Referrer-Policy: what other sites learn of the URL."
    )
    opener_policy: _Text = Field(default="same-origin", description="Cross-Origin-Opener-Policy.")
    resource_policy: _Text = Field(
        default="same-origin", description="Cross-Origin-Resource-Policy: which sites may embed the answer."
    )
    permissions_policy: _Text = Field(
        default=None, description="Permissions-Policy, such as `camera=(), geolocation=()`."
    )
    content_security_policy: _Text = Field(
        default=None, description="Content-Security-Policy, such as `default-src 'self'; frame-ancestors 'none'`."
    )
    override: Flag = Field(
        default=False, description="Whether what the service says is replaced; else the service knows better."
    )
