"""Texts about errors, without the secrets that may stand in them.

In: which texts are secret, of a request and of settings, and ``scrubbed``. Not in: secrets in URLs, which are known by
their parameters (``observe.redaction``).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from vizgate.extension.values.fields import Secret
from vizgate.observe.redaction import REDACTED, redact_text
from vizgate.pipeline.request import Request

# Shorter texts stand in every message, and protect nothing.
_LEAST = 6
_PARTS = re.compile(r"[\s,;=:]+")
#: Fields whose values are no secrets, and help whoever reads a traceback.
_HARMLESS = frozenset({
    b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"content-length", b"content-type", b"date",
    b"host", b"origin", b"user-agent", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto",
    b"x-request-id",
})  # fmt: skip


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """*text* with everything in *secrets* replaced, and the secret parameters of URLs, too."""
    # The longest first: a part of it must not be taken out of its middle.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return redact_text(text)


def secrets_of_request(request: Request) -> frozenset[str]:
    """The values of all fields of *request* that may be anybody's secret, whole and in parts."""
    found: set[str] = set()
    for name, value in request.headers.raw:
        if name.lower() not in _HARMLESS:
            found.update(_parts_of(value.decode("latin-1")))
    return frozenset(text for text in found if len(text) >= _LEAST)


def _parts_of(value: str) -> Iterator[str]:
    yield value
    yield from _PARTS.split(value)
    if value.lower().startswith("basic "):
        yield from _login_of(value[6:].strip())


def _login_of(token: str) -> Iterator[str]:
    """User, password and both together of Basic credentials (RFC 7617)."""
    try:
        login = b64decode(token, validate=True).decode()
    except (Base64Error, ValueError):
        return
    yield login
    yield login.partition(":")[2]


def secrets_of_config(config: Any) -> frozenset[str]:
    """Every secret in the settings *config*, however deep."""
    return frozenset(text for text in _secrets_in(config) if text)


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        for _, inner in value:
            yield from _secrets_in(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _secrets_in(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _secrets_in(inner)
