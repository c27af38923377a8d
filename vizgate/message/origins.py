"""Origins of web pages (RFC 6454), and sets of them.

In: patterns such as ``https://app.example.com`` and ``https://*.example.com``, and whether an ``Origin`` field is in a
set of them. Not in: what that allows (``cors``, ``access.csrf``).

A browser writes an origin in one way: scheme and host in lower case, no port where it is the scheme's own, nothing
behind it. So patterns are brought to that form when they are read, and a field is compared byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address

#: The origin of pages that have none of their own: files, sandboxed frames, data URLs (RFC 6454 7.1).
NULL = "null"

_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_WEB = re.compile(rf"(https?)://(\*\.)?({_NAME}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?")
_OTHER = re.compile(rf"(?!https?:)[a-z][a-z0-9+.\-]*://{_NAME}")
_OWN_PORTS = {"http": 80, "https": 443}

# What an origin below a wildcard looks like. Labels have no dot in them, so there is one way to match.
_BELOW = re.compile(rb"(https?)://([a-z0-9_\-]+(?:\.[a-z0-9_\-]+)+)((?::[0-9]{1,5})?)")
_MAX_ORIGIN_BYTES = 300


def parse_origin(text: str) -> str:
    """The pattern *text* as a browser would write such an origin; a star may stand for the first labels of its host.

    Raises: ValueError: it is no origin; the message says what to write.
    """
    lower = text.lower()
    if lower == NULL or _OTHER.fullmatch(lower):
        return lower
    found = _WEB.fullmatch(lower)
    if found is None:
        raise ValueError(_remedy(text, lower))
    scheme, star, host, port = found.groups()
    if host.startswith("["):
        host = _ipv6(text, host, is_wildcard=bool(star))
    elif star and "." not in host and host != "localhost":
        raise ValueError(f"{text!r} means every host below .{host}. Write at least two labels behind the star")
    number = _OWN_PORTS[scheme] if port is None else int(port)
    if not 1 <= number <= 65535:
        raise ValueError(f"{text!r} has no valid port. Write a number from 1 to 65535")
    return f"{scheme}://{star or ''}{host}" + ("" if number == _OWN_PORTS[scheme] else f":{number}")


def _ipv6(text: str, host: str, *, is_wildcard: bool) -> str:
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        address = None
    if address is None or is_wildcard:
        raise ValueError(f"{text!r} is not an origin. Write an address such as http://[::1]:3000")
    return f"[{address}]"


def _remedy(text: str, lower: str) -> str:
    web = _WEB.match(lower)
    if web is not None and lower[web.end() : web.end() + 1] in {"/", "?", "#"}:
        return f"{text!r} has a path, and an origin has none. Write {web[0]!r}"
    if "://" not in lower and _WEB.fullmatch(f"https://{lower}"):
        return f"{text!r} has no scheme. Write 'https://{lower}'"
    return f"{text!r} is not an origin. Write https://app.example.com or https://*.example.com"


class OriginSet:
    """Origins, asked in constant time whatever their number.

    Args: patterns: as ``parse_origin`` gives them. ``https://*.example.com`` stands for hosts of any number of labels
    before ``.example.com``, but neither for ``example.com`` itself nor for another scheme or port.
    """

    __slots__ = ("_below", "_exact")

    def __init__(self, patterns: Iterable[str]) -> None:
        written = [pattern.encode("ascii") for pattern in patterns]
        self._exact = frozenset(pattern for pattern in written if b"://*." not in pattern)
        self._below = frozenset(pattern for pattern in written if b"://*." in pattern)

    def __contains__(self, origin: bytes) -> bool:
        """Whether the value of an ``Origin`` field is one of them."""
        return origin in self._exact or (bool(self._below) and self._is_below(origin))

    def _is_below(self, origin: bytes) -> bool:
        found = _BELOW.fullmatch(origin) if len(origin) <= _MAX_ORIGIN_BYTES else None
        if found is None:
            return False
        scheme, host, port = found.groups()
        start = host.find(b".")
        while start >= 0:
            if b"%b://*%b%b" % (scheme, host[start:], port) in self._below:
                return True
            start = host.find(b".", start + 1)
        return False

    def __repr__(self) -> str:
        return f"<OriginSet [{len(self._exact)} origins, {len(self._below)} wildcards]>"
