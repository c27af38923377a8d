"""Fields that speak of the very bytes of a content, for who changes them on the way.

In: ``changed_fields``, ``weaken``. Not in: why content is changed (``compress``, ``transform``).
"""

from __future__ import annotations

from vizgate.message.headers import Field

# RFC 9110 8.6 and 14.3, RFC 9530, and what came before it.
_OF_BYTES = frozenset(
    {b"accept-ranges", b"content-digest", b"content-length", b"content-md5", b"digest", b"repr-digest"}
)


def changed_fields(fields: list[Field]) -> list[Field]:
    """*fields* of a message whose content has become other bytes that mean the same: what was true of the old bytes
    alone is left out, and an ``ETag`` is weak.
    """
    kept = []
    for name, value in fields:
        lower = name.lower()
        if lower == b"etag":
            kept.append((name, weaken(value)))
        elif lower not in _OF_BYTES:
            kept.append((name, value))
    return kept


def weaken(etag: bytes) -> bytes:
    """*etag* as a weak one: other bytes, the same meaning (RFC 9110 8.8.1)."""
    return etag if etag.startswith(b"W/") else b"W/" + etag
