"""What the YAML may say about cross-origin requests.

In: ``CorsConfig``. Not in: answering them (``cors.policy``).
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.field_names import FieldName
from vizgate.extension.values.fields import Duration, Flag
from vizgate.message.origins import NULL, parse_origin

#: Stands for all origins, methods or names.
ANY = "*"

_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]+")
# Fetch standard, 2.2.1: a page cannot send these.
_FORBIDDEN = frozenset({"CONNECT", "TRACE", "TRACK"})


def _origin(text: str) -> str:
    return text if text == ANY else parse_origin(text)


def _method(text: str) -> str:
    if text != ANY and _METHOD.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a method. Methods are written in capitals, for example GET")
    if text in _FORBIDDEN:
        raise ValueError(f"{text} cannot be sent by a page. Leave it out")
    return text


class CorsConfig(ComponentConfig):
    """Which pages of other origins may read the answers."""

    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], Field(min_length=1)] = Field(
        description="Origins, `https://*.example.com` for every subdomain, or `*` for all."
    )
    methods: tuple[Annotated[str, AfterValidator(_method)], ...] = Field(
        default=("GET", "HEAD", "POST"),
        description="Methods that a preflight allows; `*` for all. HEAD goes with GET.",
    )
    headers: tuple[FieldName, ...] = Field(
        default=(),
        description="Request fields that a preflight allows, next to Accept, Accept-Language, Content-Language and "
        "Content-Type; `*` for all but Authorization.",
    )
    expose: tuple[FieldName, ...] = Field(default=(), description="Response fields that a page may read; `*` for all.")
    credentials: Flag = Field(default=False, description="Whether cookies and credentials may come along.")
    max_age: Duration = Field(default=600.0, description="How long a browser may remember a preflight.")
    private_network: Flag = Field(
        default=False, description="Whether pages of the public Internet may reach this gateway in a private network."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.credentials:
            return self
        # Fetch standard, CORS protocol: with credentials "*" is no wildcard, and a browser refuses it.
        if ANY in self.origins:
            raise ValueError("credentials cannot go to every origin. List the origins")
        # Any page can put itself into a sandboxed frame, whose origin is "null".
        if NULL in self.origins:
            raise ValueError("credentials cannot go to the origin null, which every page can have. Remove null")
        for key in ("methods", "headers", "expose"):
            if ANY in getattr(self, key):
                raise ValueError(f"with credentials, * in {key} means nothing to a browser. List them")
        return self
