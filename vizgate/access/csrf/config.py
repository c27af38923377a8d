"""What the YAML may say under ``use: csrf``.

In: ``CsrfConfig``. Not in: the decisions (``access.csrf.source``, ``access.csrf.token``).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from vizgate.extension.contract import ComponentConfig, MiddlewareConfig
from vizgate.extension.values.field_names import ShownFieldName
from vizgate.extension.values.fields import Secret, SecretField
from vizgate.message.origins import NULL, parse_origin

_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LEAST_SECRET_BYTES = 32


def _cookie_name(text: str) -> str:
    if _COOKIE_NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not the name of a cookie. Use letters, digits, '-' and '_'")
    return text


def _origin(text: str) -> str:
    origin = parse_origin(text)
    if origin == NULL:
        raise ValueError("every page can have the origin null. Remove it")
    return origin


def _long_enough(secret: Secret) -> Secret:
    if len(secret.reveal().encode()) < _LEAST_SECRET_BYTES:
        raise ValueError(f"is too short to sign with. Use {_LEAST_SECRET_BYTES} random characters or more")
    return secret


_CookieName = Annotated[str, AfterValidator(_cookie_name)]


class CsrfTokenConfig(ComponentConfig):
    """A signed token in a cookie that a page repeats in a field, which pages of other origins cannot do."""

    secret: Annotated[SecretField, AfterValidator(_long_enough)] = Field(description="What tokens are signed with.")
    cookie: _CookieName = Field(default="__Host-csrf", description="The cookie that the gateway sets.")
    header: ShownFieldName = Field(default="X-CSRF-Token", description="The field that repeats it.")


class CsrfConfig(MiddlewareConfig):
    """Refuses what a page of another site has a browser do with the cookies of this one: 403."""

    cookies: Annotated[tuple[_CookieName, ...], Field(min_length=1)] = Field(
        description="Cookies that log a user in. A request without any of them passes."
    )
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(), description="Other origins whose pages may do it, `https://*.example.com` for every subdomain."
    )
    token: CsrfTokenConfig | None = Field(default=None, description="Ask for a token, too.")
