"""Names that a client may ask for in its TLS handshake (SNI), and choosing by them.

In: ``parse_server_name``, ``NameTable``. Not in: the handshake (``transport``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

_T = TypeVar("_T")

_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def parse_server_name(text: str) -> str:
    """The name *text* in lower case; a star may stand for its first label. Raises: ValueError: it is no such name."""
    lower = text.lower().removesuffix(".")
    if _NAME.fullmatch(lower) is None:
        raise ValueError(f"{text!r} is not a host name. Write www.example.com or *.example.com")
    return lower


class NameTable(Generic[_T]):
    """Values by host name, found in constant time.

    A wildcard stands for exactly one label (RFC 6125 6.4.3). The first entry wins where two have one name; an exact
    name wins over a wildcard.
    """

    __slots__ = ("_by_name",)

    def __init__(self, entries: Iterable[tuple[str, _T]]) -> None:
        self._by_name: dict[str, _T] = {}
        for name, value in entries:
            self._by_name.setdefault(name.lower().removesuffix("."), value)

    def find(self, name: str) -> _T | None:
        """The value for *name*, None when there is none."""
        lower = name.lower().removesuffix(".")
        found = self._by_name.get(lower)
        if found is None:
            first, dot, rest = lower.partition(".")
            found = self._by_name.get(f"*.{rest}") if first and dot else None
        return found

    def __repr__(self) -> str:
        return f"<NameTable [{len(self._by_name)} names]>"
