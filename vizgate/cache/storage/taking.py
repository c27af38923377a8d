"""From a response to what is stored of it.

In: ``Defaults``, ``Taker``: judging a response and making a ``StoredResponse``; freshening one by a 304 or an answer to
HEAD. Not in: keeping it (``storage.storage``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from vizgate.cache.ask.conditions import entity_tag
from vizgate.cache.ask.vary import vary_names, vary_values
from vizgate.cache.rules.dates import read_date
from vizgate.cache.rules.directives import Directives, read_directives
from vizgate.cache.rules.freshness import HEURISTIC, Lifetime, Received, initial_age_s, lifetime_of
from vizgate.cache.rules.reuse import Terms, terms_of
from vizgate.cache.rules.storable import Facts, Refusal, refusal_of, stored_fields
from vizgate.cache.storage.key import Address, ResourceKey
from vizgate.cache.storage.stored import StoredResponse
from vizgate.message.headers import Field, Headers
from vizgate.observe.date import imf_fixdate
from vizgate.pipeline.response import Response

_SEPARATORS = re.compile(rb"[ \t,]+")
#: RFC 9111 3.2: a 304 does not change the length, and these belong to the content, which stays.
_OF_CONTENT = frozenset({b"content-encoding", b"content-length", b"content-range", b"content-type"})


# What a service says by these is about how a request was made, which any client can make so that others get the error:
# by a field with another method, for example, that the service hears and no ``Vary`` tells of.
_DEFAULT_STATUSES = HEURISTIC - {405, 414, 501}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a response says nothing, in seconds: its lifetime, and how long it may be used when stale."""

    ttl_s: float = 0.0
    while_revalidating_s: float = 0.0
    if_error_s: float = 0.0


class Asked(NamedTuple):
    """What a response answers: the resource, the fields of the request, and whether it had credentials: such that RFC
    9111 3.5 is about (``is_authorized``), or of any kind.
    """

    key: ResourceKey
    address: Address
    raw: list[Field]
    is_authorized: bool = False
    has_credentials: bool = False


def directives_of(headers: Headers) -> Directives:
    """The ``Cache-Control`` of a response."""
    return read_directives(",".join(headers.get_all("Cache-Control")))


def terms_or_refusal(response: Response, asked: Asked, defaults: Defaults, wall_s: float) -> Terms | Refusal:
    """On which terms *response* may be stored, or why it may not. Args: wall_s: seconds since the epoch."""
    headers = response.headers
    directives = directives_of(headers)
    lifetime = lifetime_of(directives, headers, wall_s)
    if lifetime is None:
        lifetime = _default_lifetime(response, asked, directives, defaults)
    refusal = refusal_of(Facts(response.status, directives, headers, asked.is_authorized), lifetime)
    if refusal is not None or lifetime is None:
        return refusal or Refusal.NO_LIFETIME
    return terms_of(
        directives, lifetime, while_revalidating_s=defaults.while_revalidating_s, if_error_s=defaults.if_error_s
    )


def _default_lifetime(response: Response, asked: Asked, directives: Directives, defaults: Defaults) -> Lifetime | None:
    """The lifetime of a response that tells none: it is stored only if that was asked for, or can be validated."""
    if response.status not in _DEFAULT_STATUSES and "public" not in directives:
        return None
    if asked.has_credentials or (response.local and response.status >= 400):
        return None
    if "no-cache" in directives:
        # It is validated each time, which has its worth if that is possible.
        has_validator = "ETag" in response.headers or "Last-Modified" in response.headers
        return Lifetime(0.0, is_told=True) if has_validator else None
    return Lifetime(defaults.ttl_s, is_told=False) if defaults.ttl_s else None


def taken(response: Response, data: bytes, terms: Terms, asked: Asked, received: Received) -> StoredResponse:
    """*response*, whose whole body is *data*, as it is stored on *terms*."""
    headers = response.headers
    varies = vary_names(headers)
    fields = stored_fields(headers.raw, directives_of(headers))
    if "Date" not in headers:
        # RFC 9110 6.6.1: a recipient with a clock records when a response without Date was received.
        fields.append((b"Date", imf_fixdate(int(received.response_wall_s)).encode("ascii")))
    date_s = read_date(headers.get_bytes(b"date"), received.response_wall_s)
    return StoredResponse(
        asked.key,
        asked.address,
        response.status,
        response.reason,
        fields,
        data,
        terms,
        varies,
        vary_values(varies, asked.raw),
        received.response_s,
        initial_age_s(headers, received),
        received.response_wall_s if date_s is None else date_s,
        _tags(headers),
    )


def _tags(headers: Headers) -> frozenset[bytes]:
    lines = [*headers.get_all("Surrogate-Key"), *headers.get_all("Cache-Tag")]
    return frozenset(tag for line in lines for tag in _SEPARATORS.split(line.encode("latin-1")) if tag)


def names_other(stored: StoredResponse, headers: Headers) -> bool:
    """Whether the validator in *headers* of a 304 is none of *stored*. Source: RFC 9111 4.3.4."""
    told = entity_tag(headers.get_bytes(b"etag"))
    own = entity_tag(stored.entity_tag)
    if told is not None and own is not None:
        return told[1] != own[1]
    modified = headers.get_bytes(b"last-modified")
    return modified is not None and stored.modified is not None and modified != stored.modified


def names_same(stored: StoredResponse, headers: Headers) -> bool:
    """Whether a validator in *headers* is that of *stored*: without any, nobody knows what they are about."""
    tag, modified = headers.get_bytes(b"etag"), headers.get_bytes(b"last-modified")
    is_tagged = tag is not None and stored.entity_tag is not None
    return not names_other(stored, headers) and (is_tagged or (modified is not None and modified == stored.modified))


def freshened(
    stored: StoredResponse, response: Response, asked: Asked, defaults: Defaults, received: Received
) -> StoredResponse | None:
    """*stored* with the fields of *response*, a 304 or an answer to HEAD that is about it; None when what *response*
    says forbids to store it.

    Source: RFC 9111 3.2 and 4.3.4.
    """
    came = [field for field in response.headers.raw if field[0].lower() not in _OF_CONTENT]
    replaced = {name.lower() for name, _ in came}
    fields = [field for field in stored.fields if field[0].lower() not in replaced] + came
    whole = Response(stored.status, Headers(fields), reason=stored.reason, local=False)
    terms = terms_or_refusal(whole, asked, defaults, received.response_wall_s)
    if isinstance(terms, Refusal):
        return None
    fresh = taken(whole, stored.data, terms, asked, received)
    return replace(fresh, tags=fresh.tags | stored.tags)
