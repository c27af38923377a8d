"""``Range`` of a request, against a body that is there.

In: one range of bytes. Not in: several at once, which get the whole instead (RFC 9110 14.2: a server MAY ignore Range).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ONE = re.compile(rb"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)


class Part(NamedTuple):
    """The bytes from ``first`` to ``last``, both included. ``last`` before ``first``: there are none (416)."""

    first: int
    last: int

    @property
    def is_satisfiable(self) -> bool:
        """Whether there is any byte in it."""
        return self.last >= self.first


UNSATISFIABLE = Part(0, -1)


def part_of(value: bytes, length: int) -> Part | None:
    """What *value* asks of a body of *length* bytes; None when it is to be ignored.

    Source: RFC 9110 14.1.2.
    """
    match = _ONE.fullmatch(value)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        count = min(int(suffix), length)
        return Part(length - count, length - 1) if count else UNSATISFIABLE
    if last is not None and int(last) < int(first):
        # RFC 9110 14.1.1: "An int-range is invalid if the last-pos value is present and less than first-pos."
        return None
    end = length - 1 if last is None else min(int(last), length - 1)
    return Part(int(first), end) if int(first) < length else UNSATISFIABLE
