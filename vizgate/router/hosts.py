"""Host patterns: ``api.example.com``, ``*.example.org``, ``[2001:db8::1]``.

In: reading a pattern, and which patterns a request's authority matches. Not in: checking ``Host`` (``wire.request``).

- Names compare without case and without the port; a dot at the end of the asked host is ignored (``example.com.``).
- ``*.example.org`` takes any number of labels in place of the star (``a.example.org``, ``a.b.example.org``), but not
  ``example.org`` itself.
- Precedence: the exact name, then the longest wildcard, then routes for any host. It is not the end of the search: when
  no route of a more specific host takes the request, those of less specific hosts are tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from vizgate.message.target import parse_authority

_T = TypeVar("_T")

_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_HOST = 253
_MAX_AUTHORITY = _MAX_HOST + len(".:65535")
_MEMO_SIZE = 1024


@dataclass(frozen=True, slots=True, order=True)
class HostPattern:
    """A host or, with ``is_wildcard``, everything below it; ``suffix`` is without the star.

    They sort by precedence: names before wildcards, then those with more labels. ``labels`` is negative.
    """

    is_wildcard: bool
    labels: int
    suffix: str

    @property
    def text(self) -> str:
        """As it is written in a configuration."""
        if self == ANY_HOST:
            return "*"
        return f"*.{self.suffix}" if self.is_wildcard else self.suffix

    def matches(self, host: str) -> bool:
        """Whether *host*, as ``host_of`` gives it, is meant."""
        if not self.is_wildcard:
            return host == self.suffix
        return self == ANY_HOST or host.partition(".")[2] == self.suffix or host.endswith("." + self.suffix)


#: Where routes without ``hosts`` stand; sorts behind every other pattern.
ANY_HOST = HostPattern(is_wildcard=True, labels=0, suffix="")


def parse_host_pattern(text: str) -> HostPattern:
    """The pattern that *text* stands for.

    Raises: ValueError: what is wrong and what to write.
    """
    lower = text.lower().removesuffix(".")
    if lower == "*":
        raise ValueError("'*' is every host. Leave hosts out instead")
    if lower.startswith("["):
        return _parse_literal(text, lower)
    name = lower.removeprefix("*.")
    if "://" in name or "/" in name:
        raise ValueError(f"'{text}' is a URL. Write the host alone")
    if ":" in name:
        raise ValueError(f"'{text}' has a port. Write the host alone; it matches on every port")
    if "*" in name:
        raise ValueError(f"'{text}': a star stands for whole labels at the beginning only. Write '*.example.org'")
    if not name.isascii():
        raise ValueError(f"'{text}' is not ASCII. Write its xn-- form")
    if _HOST.fullmatch(name) is None or len(name) > _MAX_HOST:
        raise ValueError(f"'{text}' is not a host name")
    return HostPattern(name != lower, -name.count(".") - 1, name)


def _parse_literal(text: str, lower: str) -> HostPattern:
    parsed = parse_authority(lower.encode("utf-8"))
    if parsed is None or parsed[1] is not None:
        raise ValueError(f"'{text}' is not an IPv6 address in brackets, without a port. Write for example '[::1]'")
    return HostPattern(is_wildcard=False, labels=-1, suffix=parsed[0])


def host_of(authority: str) -> str:
    """The host of *authority* as patterns are compared with it; "" when there is none or it is malformed."""
    parsed = parse_authority(authority.encode("utf-8", "surrogateescape"))
    return "" if parsed is None else parsed[0].removesuffix(".")


class HostIndex(Generic[_T]):
    """Finds what stands under the patterns that a request's authority matches, the most specific first.

    It remembers the last authorities; the memory is bounded, because clients choose them.
    """

    __slots__ = ("_any", "_exact", "_memo", "_wildcards")

    def __init__(self, entries: Mapping[HostPattern, _T]) -> None:
        self._any = tuple(entries[pattern] for pattern in entries if pattern == ANY_HOST)
        self._exact = {pattern.suffix: entry for pattern, entry in entries.items() if not pattern.is_wildcard}
        self._wildcards = {p.suffix: entry for p, entry in entries.items() if p.is_wildcard and p != ANY_HOST}
        self._memo: dict[str, tuple[_T, ...]] = {}

    def entries_for(self, authority: str) -> tuple[_T, ...]:
        """What stands under the patterns that match *authority*, by precedence."""
        found = self._memo.get(authority)
        if found is None:
            found = self._find(host_of(authority))
            if len(authority) <= _MAX_AUTHORITY:
                if len(self._memo) >= _MEMO_SIZE:
                    self._memo.clear()
                self._memo[authority] = found
        return found

    def _find(self, host: str) -> tuple[_T, ...]:
        found = [self._exact[host]] if host in self._exact else []
        _, dot, parent = host.partition(".")
        while dot and self._wildcards:
            if parent in self._wildcards:
                found.append(self._wildcards[parent])
            _, dot, parent = parent.partition(".")
        return (*found, *self._any)
