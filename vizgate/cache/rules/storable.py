"""Which responses a shared cache may store.

In: RFC 9111 3 and 3.5, and what of a response must not be kept. Not in: bodies, sizes and keys.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple

from vizgate.cache.rules.directives import Directives, field_names, is_bare
from vizgate.cache.rules.freshness import HEURISTIC, Lifetime
from vizgate.message.headers import Field, Headers

#: RFC 9111 3.5: with one of these a response to a request with credentials may be stored and given to others.
_SHARES = ("public", "s-maxage", "must-revalidate")
#: Names in ``Vary``.
MAX_VARY_NAMES = 32
#: Statuses whose caching this cache conforms to, for ``must-understand`` (RFC 9111 5.2.2.3).
_UNDERSTOOD = HEURISTIC | {302, 303, 307, 400, 403, 406, 411, 412, 413, 415, 421, 422, 423, 428, 429, 451, 500, 502,
                           503, 504}  # fmt: skip
_ENDLESS_TYPES = frozenset({"multipart/x-mixed-replace", "text/event-stream"})
#: RFC 9111 3.1: not stored. ``Age`` is worked out anew, and the length follows from the body.
_NOT_STORED = frozenset(
    {b"age", b"content-length", b"proxy-authenticate", b"proxy-authentication-info", b"proxy-authorization"}
)


class Refusal(Enum):
    """Why a response is not stored."""

    STATUS = "status"
    NO_STORE = "no-store"
    PRIVATE = "private"
    CREDENTIALS = "credentials"
    SET_COOKIE = "set-cookie"
    VARY = "vary"
    NO_LIFETIME = "no-lifetime"
    SUBSTITUTE = "substitute"
    ENDLESS = "endless"


class Facts(NamedTuple):
    """What decides about a response. ``status`` is a final one; ``directives`` those of the response.

    ``has_credentials``: whether the request had any, so that the response may be meant for one user alone.
    """

    status: int
    directives: Directives
    headers: Headers
    has_credentials: bool


def refusal_of(facts: Facts, lifetime: Lifetime | None) -> Refusal | None:
    """Why a response must not be stored; None when it may.

    Args: lifetime: None when neither the response nor the configuration gives it one.
    """
    directives = facts.directives
    # A part of a response is not put together with others here, so it is never stored; 304 is no response of its own.
    if facts.status in {206, 304}:
        return Refusal.STATUS
    if "must-understand" in directives:
        # RFC 9111 5.2.2.3: a cache that understands the status SHOULD ignore no-store then, and MUST NOT store else.
        if facts.status not in _UNDERSTOOD:
            return Refusal.STATUS
    elif "no-store" in directives:
        return Refusal.NO_STORE
    if is_bare(directives, "private"):
        return Refusal.PRIVATE
    if facts.has_credentials and not any(name in directives for name in _SHARES):
        return Refusal.CREDENTIALS
    return _of_fields(facts) or (Refusal.NO_LIFETIME if lifetime is None else None)


def _of_fields(facts: Facts) -> Refusal | None:
    directives, headers = facts.directives, facts.headers
    vary = ",".join(headers.get_all("Vary"))
    # RFC 9111 4.1: "*" matches no request, so it could never be used. With many names each look would take long.
    if "*" in vary or vary.count(",") >= MAX_VARY_NAMES:
        return Refusal.VARY
    # Events of one connection are nothing for another; and they come until somebody leaves, while others would wait.
    if (headers.get("Content-Type") or "").partition(";")[0].strip().lower() in _ENDLESS_TYPES:
        return Refusal.ENDLESS
    is_shared = "public" in directives or "s-maxage" in directives
    # Not of the RFC: a cookie made for one client must not reach another only because nobody thought of caches.
    if not is_shared and "Set-Cookie" in headers and b"set-cookie" not in unstored_names(directives):
        return Refusal.SET_COOKIE
    return None


def unstored_names(directives: Directives) -> AbstractSet[bytes]:
    """Fields that *directives* keep out of a shared cache: those of ``private="..."`` (RFC 9111 5.2.2.7), and those of
    ``no-cache="..."`` (5.2.2.4), which would be of no use before each response has been validated.
    """
    return field_names(directives, "private") | field_names(directives, "no-cache")


def stored_fields(raw: list[Field], directives: Directives) -> list[Field]:
    """What of the fields *raw* is kept. Source: RFC 9111 3.1; hop-by-hop fields are gone already."""
    dropped = _NOT_STORED | unstored_names(directives)
    return [field for field in raw if field[0].lower() not in dropped]
