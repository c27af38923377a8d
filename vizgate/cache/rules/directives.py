"""``Cache-Control`` as a table.

In: reading it, in requests and responses. Not in: what follows from a directive (the modules beside this).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

#: Directives by name in lower case, each with its argument, None for one without.
Directives = Mapping[str, str | None]

NO_DIRECTIVES: Directives = {}

# One element of the list, whatever it looks like, up to its comma; groups only for one that has the right form.
# Possessive throughout: one pass, no way back.
_ELEMENT = re.compile(
    r"[ \t]*+(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]++)(?:=(?:\"((?:[^\"\\]|\\.)*+)\"|([^\", \t]*+)))?+[ \t]*+(?=,|$))?+"
    r"((?:[^,\"]|\"(?:[^\"\\]|\\.)*+\"?+)*+),?+",
    re.DOTALL,
)
_SECONDS = re.compile(r"[0-9]+", re.ASCII)
#: RFC 9111 1.2.2: what is greater than can be held counts as 2147483648 (2^31).
MAX_SECONDS = 2**31
_MEMO_CHARS = 256
#: A number of seconds that is none.
_INVALID = "-"


def read_directives(value: str) -> Directives:
    """The directives in *value*, the lines of a field joined by commas.

    Of a directive that stands there twice the more restrictive is taken (RFC 9111 4.2.1): the smaller number, the form
    without field names.
    """
    if not value:
        return NO_DIRECTIVES
    # Clients and services say the same over and over; what is long is not worth its place.
    return _remembered(value) if len(value) <= _MEMO_CHARS else _read(value)


def seconds_of(directives: Directives, name: str, *, invalid: int | None = 0) -> int | None:
    """The seconds of directive *name*, None when it is not there.

    Args: invalid: what to take for an argument that is no number of seconds, or missing.
    Source: RFC 9111 4.2.1: "caches are encouraged to consider responses that have invalid freshness information [...]
    to be stale".
    """
    if name not in directives:
        return None
    argument = directives[name]
    if argument is None or _SECONDS.fullmatch(argument) is None:
        return invalid
    return min(int(argument), MAX_SECONDS) if len(argument) <= 10 else MAX_SECONDS


def field_names(directives: Directives, name: str) -> frozenset[bytes]:
    """The field names that are the argument of *name* (``private="Set-Cookie"``), in lower case; none without any."""
    argument = directives.get(name)
    if not argument:
        return frozenset()
    return frozenset(item.strip().lower().encode("latin-1") for item in argument.split(",") if item.strip())


def is_bare(directives: Directives, name: str) -> bool:
    """Whether *name* stands there without field names, so that it holds for the whole response."""
    return name in directives and not field_names(directives, name)


def _read(value: str) -> Directives:
    found: dict[str, str | None] = {}
    for match in _ELEMENT.finditer(value):
        name = match[1]
        if not name:
            continue
        argument = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL)
        key = name.lower()
        found[key] = _stricter(found[key], argument) if key in found else argument
    return found


def _stricter(first: str | None, second: str | None) -> str | None:
    """What to take of two arguments of one directive."""
    if first is None or second is None:
        return None
    numbers = [_SECONDS.fullmatch(item) is not None for item in (first, second)]
    if all(numbers):
        return min(first, second, key=lambda item: (len(item.lstrip("0")), item.lstrip("0")))
    return _INVALID if any(numbers) else f"{first},{second}"


_remembered = lru_cache(maxsize=1024)(_read)
