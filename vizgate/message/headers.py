"""Header fields as ordered pairs of bytes.

In: ``Headers``, the only container of fields. Not in: which fields may be forwarded (``message.forwarding``) and
what a valid field looks like on the wire (``wire.grammar``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Field = tuple[bytes, bytes]

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def encode_name(name: str | bytes) -> bytes:
    """The bytes of a field name.

    Raises: ValueError: *name* is not a token (RFC 9110 5.1), so it could split a message.
    """
    raw = name.encode("latin-1", "replace") if isinstance(name, str) else name
    if _NAME.fullmatch(raw) is None:
        raise ValueError(f"not a field name: {name!r}")
    return raw


def encode_value(value: str | bytes) -> bytes:
    """The bytes of a field value, without white space around it.

    Text that latin-1 cannot hold travels as UTF-8.

    Raises: ValueError: *value* holds CR, LF, NUL or another control byte (RFC 9110 5.5).
    """
    if isinstance(value, str):
        try:
            raw = value.encode("latin-1")
        except UnicodeEncodeError:
            raw = value.encode("utf-8")
    else:
        raw = value
    raw = raw.strip(b" \t")
    if _VALUE.fullmatch(raw) is None:
        raise ValueError("a field value must not hold control bytes")
    return raw


class Headers:
    """An ordered multi-map of header fields; names compare without case, lines are never merged or reordered.

    ``raw`` is the list itself, ``[(name, value), ...]`` as they came; code on the hot path reads it directly.
    Text goes in and out as latin-1, which is lossless for every byte a field may hold (RFC 9110 5.5).
    """

    __slots__ = ("raw",)

    def __init__(self, raw: list[Field] | None = None) -> None:
        self.raw: list[Field] = [] if raw is None else raw

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Headers:
        """Fields from text pairs, checked. Raises: ValueError: a name or value that may not stand in a message."""
        return cls([(encode_name(name), encode_value(value)) for name, value in pairs])

    def get_bytes(self, lower_name: bytes) -> bytes | None:
        """The first value of *lower_name* (already lower case), or None."""
        size = len(lower_name)
        for name, value in self.raw:
            if len(name) == size and name.lower() == lower_name:
                return value
        return None

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of *name*, or *default*."""
        value = self.get_bytes(name.lower().encode("latin-1", "replace"))
        return default if value is None else value.decode("latin-1")

    def get_all(self, name: str) -> list[str]:
        """Every value of *name*, in order; empty when absent."""
        key = name.lower().encode("latin-1", "replace")
        return [value.decode("latin-1") for found, value in self.raw if found.lower() == key]

    def add(self, name: str, value: str | bytes) -> None:
        """Append a line, whatever is there already. Raises: ValueError: not a valid field."""
        self.raw.append((encode_name(name), encode_value(value)))

    def remove(self, name: str) -> None:
        """Drop every line of *name*; nothing happens when there is none."""
        key = name.lower().encode("latin-1", "replace")
        self.raw[:] = [field for field in self.raw if field[0].lower() != key]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str | bytes) -> None:
        """Replace every line of *name* by one. Raises: ValueError: not a valid field."""
        pair = (encode_name(name), encode_value(value))
        self.remove(name)
        self.raw.append(pair)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.remove(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter([name.decode("latin-1") for name, _ in self.raw])

    def __len__(self) -> int:
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return [(n.lower(), v) for n, v in self.raw] == [(n.lower(), v) for n, v in other.raw]

    __hash__ = None  # type: ignore[assignment]  # mutable

    def items(self) -> list[tuple[str, str]]:
        """Every line as text, in order."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw]

    def copy(self) -> Headers:
        """An independent container of the same lines."""
        return Headers(self.raw.copy())

    def __repr__(self) -> str:
        return f"<Headers [{', '.join(self)}]>"
