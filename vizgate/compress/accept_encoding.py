"""What a client says about content codings, and which of those on offer suits it best.

In: ``choose_coding``. Not in: whether an answer may be compressed at all (``compress.rule``).
"""

from __future__ import annotations

import re
from functools import lru_cache

_ITEM = re.compile(
    rb"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
_REMEMBERED_BYTES = 200
# RFC 9110 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
_ALIASES = {b"x-gzip": b"gzip"}


def parse_weights(value: bytes) -> dict[bytes, float]:
    """The codings that an ``Accept-Encoding`` field names, in lower case, each with its weight from 0 to 1.

    What is malformed says nothing. Of a coding that is named twice, the first counts.

    Source: RFC 9110 12.5.3.
    """
    weights: dict[bytes, float] = {}
    for item in value.split(b","):
        found = _ITEM.fullmatch(item)
        if found is not None:
            name = found[1].lower()
            weights.setdefault(_ALIASES.get(name, name), 1.0 if found[2] is None else float(found[2]))
    return weights


def choose_coding(value: bytes, offered: tuple[bytes, ...]) -> bytes | None:
    """The coding that the client likes best, None for none; of those it likes alike, the first of *offered*.

    A client that likes to get the content as it is at least as well as any coding gets it so only if it says so
    (``identity;q=1, gzip;q=0.5``): whoever names a coding and no more wants it.

    Args: value: of the ``Accept-Encoding`` field, its lines joined by commas; b"" for none.
    """
    return _remembered(value, offered) if len(value) <= _REMEMBERED_BYTES else _choose(value, offered)


def _choose(value: bytes, offered: tuple[bytes, ...]) -> bytes | None:
    weights = parse_weights(value)
    rest = weights.get(b"*", 0.0)
    best, best_weight = None, 0.0
    for coding in offered:
        weight = weights.get(coding, rest)
        if weight > best_weight:
            best, best_weight = coding, weight
    return best if best_weight >= weights.get(b"identity", 0.0) else None


# Clients of one kind all say the same.
_remembered = lru_cache(maxsize=256)(_choose)
