"""Whether a media type is one of a list.

In: ``MediaTypes``, the decision as a pure value. Not in: parameters of media types, which never decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# RFC 9110 8.3.1: a type, a subtype, and parameters behind a semicolon.
_MEDIA_TYPE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)/([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*(?:;.*)?", re.DOTALL)


class MediaTypes:
    """Media types that are allowed, asked in constant time.

    Args: ranges: in lower case: ``application/json``, ``image/*``, or ``application/*+json``, which takes every subtype
    with that suffix (RFC 6839).
    """

    __slots__ = ("_exact", "_suffixes", "_types", "text")

    def __init__(self, ranges: Iterable[str]) -> None:
        #: As in an ``Accept`` field.
        self.text = ", ".join(ranges)
        written = [item.encode("ascii") for item in self.text.split(", ")]
        self._exact = frozenset(item for item in written if b"*" not in item)
        self._types = frozenset(item[:-2] for item in written if item.endswith(b"/*"))
        self._suffixes = frozenset(item for item in written if b"/*+" in item)

    def __contains__(self, content_type: bytes) -> bool:
        """Whether the value of a ``Content-Type`` field is one of them; a malformed one is none."""
        found = _MEDIA_TYPE.fullmatch(content_type)
        if found is None:
            return False
        kind, subtype = found[1].lower(), found[2].lower()
        if b"%b/%b" % (kind, subtype) in self._exact or kind in self._types:
            return True
        _, plus, suffix = subtype.rpartition(b"+")
        return bool(plus) and b"%b/*+%b" % (kind, suffix) in self._suffixes

    def __repr__(self) -> str:
        return f"<MediaTypes {self.text}>"
