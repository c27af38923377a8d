"""What of a request chooses among the responses of one resource.

In: the names in ``Vary`` and the values of a request for them, in a form in which equal ones are equal (RFC 9111 4.1).
Not in: storing.
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.message.headers import Field, Headers

#: The values of a request for each name, None where it has no such field.
VaryValues = tuple[bytes | None, ...]

#: Lists in which neither the case nor the order of the elements says anything.
_UNORDERED = frozenset({b"accept-encoding", b"accept-charset"})
#: Lists in which case says nothing; services do go by order where weights are equal.
_ORDERED = frozenset({b"accept", b"accept-language"})
_LISTS = _UNORDERED | _ORDERED


def vary_names(headers: Headers) -> tuple[bytes, ...]:
    """The fields that ``Vary`` names, in lower case, sorted, each once."""
    found = {item.strip().lower() for line in headers.get_all("Vary") for item in line.split(",")}
    return tuple(sorted(name.encode("latin-1") for name in found if name))


def vary_values(names: Iterable[bytes], raw: list[Field]) -> VaryValues:
    """The values of a request with fields *raw* for *names*."""
    return tuple([_value(name, raw) for name in names])


def is_chosen_alike(names: Iterable[bytes], one: list[Field], other: list[Field]) -> bool:
    """Whether requests with these fields get the same of the responses that *names* choose among."""
    names = tuple(names)
    return vary_values(names, one) == vary_values(names, other)


def _value(wanted: bytes, raw: list[Field]) -> bytes | None:
    lines = [value for name, value in raw if len(name) == len(wanted) and name.lower() == wanted]
    if not lines:
        # RFC 9111 4.1: a field that is absent matches only where it is absent, too.
        return None
    if wanted not in _LISTS:
        return lines[0] if len(lines) == 1 else b", ".join(lines)
    items = [b"".join(item.split()).lower() for line in lines for item in line.split(b",")]
    kept = [item for item in items if item]
    return b",".join(sorted(kept) if wanted in _UNORDERED else kept)
