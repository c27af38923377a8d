"""What a request asks of a cache.

In: ``Question``, read off the fields of a request in one pass. Not in: answering (``ask.conditions``, ``ask.ranges``)
and the wishes of ``Cache-Control`` (``rules.reuse``).
"""

from __future__ import annotations

import re

from vizgate.cache.rules.directives import NO_DIRECTIVES, read_directives
from vizgate.cache.rules.reuse import NO_WISH, Wish, wish_of
from vizgate.message.headers import Field

_CACHE_CONTROL = b"cache-control"
_WANTED = frozenset(
    {
        _CACHE_CONTROL, b"pragma", b"authorization", b"cookie", b"range", b"if-range", b"if-none-match",
        b"if-modified-since", b"if-match", b"if-unmodified-since",
    }
)  # fmt: skip
#: What services go by instead of the address of the request. The scheme is that of the request already.
_OF_ADDRESS = frozenset(
    {
        b"forwarded", b"x-forwarded-host", b"x-forwarded-method", b"x-forwarded-path", b"x-forwarded-port",
        b"x-forwarded-prefix", b"x-forwarded-uri", b"x-original-host", b"x-original-url", b"x-rewrite-url",
    }
)  # fmt: skip
_HOST_PARAMETER = re.compile(rb'host=(?:"[^"]*"|[^;,\s]*)', re.IGNORECASE)
#: By the length of the name, so that most fields are passed by without being copied.
_LENGTHS = frozenset(map(len, _WANTED | _OF_ADDRESS))


class Question:
    """``fields``: by name in lower case, those of a request that matter to a cache; several lines joined by commas.

    ``is_authorized``: whether it has credentials that RFC 9111 3.5 is about: ``Authorization``, or whatever an identity
    was verified by. ``has_credentials``: whether it has any, a cookie among them, so that the answer may be meant for
    one user. ``told``: what else a service may take for the address that was asked for, beside that itself; of clients
    only a trusted proxy can send such fields. Args: is_known: whether an identity was verified. authority: of the
    request.
    """

    __slots__ = ("fields", "has_credentials", "is_authorized", "told", "wish")

    def __init__(
        self, raw: list[Field], *, is_known: bool, hears_clients: bool = True, authority: bytes | None = None
    ) -> None:
        fields: dict[bytes, bytes] = {}
        told = b""
        for name, value in raw:
            if len(name) in _LENGTHS:
                lower = name.lower()
                if lower in _WANTED:
                    fields[lower] = b"%b,%b" % (fields[lower], value) if lower in fields else value
                # The gateway says itself which host was asked for: that is nothing new.
                elif lower in _OF_ADDRESS and value != authority:
                    told += _told(lower, value)
        self.told = told
        self.fields = fields
        self.is_authorized = is_known or b"authorization" in fields
        self.has_credentials = self.is_authorized or b"cookie" in fields
        self.wish: Wish = _wish(fields) if hears_clients else NO_WISH

    @property
    def is_beyond(self) -> bool:
        """Whether it has a precondition that only the service can judge (RFC 9111 4.3.2)."""
        return b"if-match" in self.fields or b"if-unmodified-since" in self.fields


def _told(lower: bytes, value: bytes) -> bytes:
    # What else ``Forwarded`` says is about who has asked.
    return b"%b: %b\n" % (lower, b",".join(_HOST_PARAMETER.findall(value)) if lower == b"forwarded" else value)


def _wish(fields: dict[bytes, bytes]) -> Wish:
    value = fields.get(_CACHE_CONTROL)
    if value is None:
        return wish_of(NO_DIRECTIVES, has_pragma=b"no-cache" in fields.get(b"pragma", b"").lower())
    return wish_of(read_directives(value.decode("latin-1")))
