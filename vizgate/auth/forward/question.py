"""The question to an outside authoriser: a request about a request.

In: ``ForwardQuestion``: what of a request it is shown, and what makes two questions the same. Not in: what the answer
means (``auth.forward.answer``).
"""

from __future__ import annotations

from hashlib import sha256

from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.message.headers import Field
from vizgate.pipeline.ports import Call
from vizgate.pipeline.request import Request
from vizgate.units import KIB

#: The longest body that is read, and thrown away.
LIMIT_BYTES = 64 * KIB


class ForwardQuestion:
    """Makes questions by *config*."""

    __slots__ = ("_shown", "_timeout_s", "_url")

    def __init__(self, config: ForwardAuthConfig) -> None:
        self._url = config.url
        self._timeout_s = config.timeout
        self._shown = frozenset(name.lower().encode("latin-1") for name in config.request_headers)

    def shown(self, request: Request) -> tuple[Field, ...] | None:
        """The fields of *request* that the authoriser sees; None when it has none of them, so that nothing is shown."""
        if not self._shown:
            return ()
        fields = tuple(item for item in request.headers.raw if item[0].lower() in self._shown)
        return fields or None

    def strip(self, request: Request) -> None:
        """Take what was shown out of *request*."""
        raw = request.headers.raw
        raw[:] = [item for item in raw if item[0].lower() not in self._shown]

    def call(self, request: Request, shown: tuple[Field, ...]) -> Call:
        """The question. What it says about the way here is what the gateway has seen itself, never a client's word."""
        fields = (*_view_of(request), *shown)
        return Call(self._url, fields=fields, timeout_s=self._timeout_s, limit_bytes=LIMIT_BYTES)


def key_of(call: Call) -> bytes:
    """The same for two questions that must have the same answer: everything that is told in them is equal."""
    digest = sha256()
    for part in (part for item in call.fields for part in item):
        # With its length in front no part can run into the next.
        digest.update(b"%d:" % len(part) + part)
    return digest.digest()


def _view_of(request: Request) -> tuple[Field, ...]:
    return (
        (b"X-Forwarded-Method", request.method.encode("latin-1")),
        (b"X-Forwarded-Proto", request.scheme.encode("latin-1")),
        (b"X-Forwarded-Host", request.authority.encode("latin-1")),
        (b"X-Forwarded-Uri", request.target),
        (b"X-Forwarded-For", request.client.encode("latin-1")),
    )
