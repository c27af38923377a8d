"""What a request asks of a cache.

In: ``Question``, read off the fields of a request in one pass. Not in: answering (``ask.conditions``, ``ask.ranges``)
and the wishes of ``Cache-Control`` (``rules.reuse``).
"""

from __future__ import annotations

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
#: By the length of the name, so that most fields are passed by without being copied.
_LENGTHS = frozenset(map(len, _WANTED))


class Question:
    """``fields``: by name in lower case, those of a request that matter to a cache; several lines joined by commas.

    ``is_authorized``: whether it has credentials that RFC 9111 3.5 is about: ``Authorization``, or whatever an identity
    was verified by. ``has_credentials``: whether it has any, a cookie among them, so that the answer may be meant for
    one user. Args: is_known: whether an identity was verified.
    """

    __slots__ = ("fields", "has_credentials", "is_authorized", "wish")

    def __init__(self, raw: list[Field], *, is_known: bool, hears_clients: bool = True) -> None:
        fields: dict[bytes, bytes] = {}
        for name, value in raw:
            if len(name) in _LENGTHS:
                lower = name.lower()
                if lower in _WANTED:
                    fields[lower] = b"%b,%b" % (fields[lower], value) if lower in fields else value
        self.fields = fields
        self.is_authorized = is_known or b"authorization" in fields
        self.has_credentials = self.is_authorized or b"cookie" in fields
        self.wish: Wish = _wish(fields) if hears_clients else NO_WISH

    @property
    def is_beyond(self) -> bool:
        """Whether it has a precondition that only the service can judge (RFC 9111 4.3.2)."""
        return b"if-match" in self.fields or b"if-unmodified-since" in self.fields


def _wish(fields: dict[bytes, bytes]) -> Wish:
    value = fields.get(_CACHE_CONTROL)
    if value is None:
        return wish_of(NO_DIRECTIVES, has_pragma=b"no-cache" in fields.get(b"pragma", b"").lower())
    return wish_of(read_directives(value.decode("latin-1")))
