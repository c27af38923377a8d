"""Preconditions of clients, judged by what is stored.

In: ``If-None-Match``, ``If-Modified-Since`` and ``If-Range`` (RFC 9110 13, RFC 9111 4.3.2). Not in: asking the service
(``storage.validation``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vizgate.cache.rules.dates import read_date

_ENTITY_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*+")')


def entity_tag(value: bytes | None) -> tuple[bool, bytes] | None:
    """Whether an ``ETag`` is weak, and its opaque part; None when it is none."""
    match = None if value is None else _ENTITY_TAG.fullmatch(value.strip(b" \t"))
    return None if match is None else (match[1] is not None, match[2])


def is_not_modified(
    fields: Mapping[bytes, bytes], tag: bytes | None, modified: bytes | None, date_s: float, now_s: float
) -> bool:
    """Whether a client has what is stored already, so that 304 is the answer.

    Args: fields: of the request, by name in lower case. tag, modified: ``ETag`` and ``Last-Modified`` of what is
    stored. date_s: its date, for when it has no ``Last-Modified``. now_s: seconds since the epoch.
    """
    wanted = fields.get(b"if-none-match")
    if wanted is not None:
        # RFC 9110 13.1.2: the weak comparison; and "*" stands for anything there is.
        own = entity_tag(tag)
        if wanted.strip(b" \t") == b"*":
            return True
        return own is not None and own[1] in {match[2] for match in _ENTITY_TAG.finditer(wanted)}
    since_s = read_date(fields.get(b"if-modified-since"), now_s)
    if since_s is None:
        return False
    modified_s = read_date(modified, now_s)
    return (date_s if modified_s is None else modified_s) <= since_s


def is_range_wanted(fields: Mapping[bytes, bytes], tag: bytes | None, modified: bytes | None, date_s: float) -> bool:
    """Whether ``Range`` counts: without ``If-Range`` always, else when that names what is stored.

    Source: RFC 9110 13.1.5: the strong comparison, and an exact match of a date that is a strong validator.
    """
    wanted = fields.get(b"if-range")
    if wanted is None:
        return True
    named = entity_tag(wanted)
    if named is not None:
        own = entity_tag(tag)
        return own is not None and not named[0] and not own[0] and named[1] == own[1]
    modified_s = read_date(modified, date_s)
    # RFC 9110 8.8.2.2: strong only if it is at least a second before the date of the response.
    return modified is not None and wanted == modified and modified_s is not None and date_s - modified_s >= 1
