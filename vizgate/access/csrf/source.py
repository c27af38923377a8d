"""Where a browser says that a request comes from, and whether that will do.

In: ``SourceRules``, as a pure value. Not in: requests (``access.csrf.middleware``) and tokens (``access.csrf.token``).

Asked in this order: ``Origin`` names an origin of the list; ``Sec-Fetch-Site`` says that it is this site's own page or
the user's own doing; where a browser does not send that field, ``Origin``, or else ``Referer``, names this very origin.
A page can set none of the three. A request that says nothing is refused: every browser of today says something.

Source: Fetch Metadata (W3C), OWASP Cross-Site Request Forgery Prevention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vizgate.message.origins import OriginSet, parse_origin

_OWN_SITE = frozenset({b"same-origin", b"none"})
_BEGINNING = re.compile(rb"https?://[^/?#@\s]+(?=[/?#]|\Z)")


@dataclass(frozen=True, slots=True)
class Source:
    """What a request says about the page that sent it; "" for a field that is not there."""

    origin: bytes = b""
    fetch_site: bytes = b""
    referer: bytes = b""


class SourceRules:
    """Which pages may send requests. Args: origins: as ``parse_origin`` gives them, next to the gateway's own."""

    __slots__ = ("_trusted",)

    def __init__(self, origins: Iterable[str]) -> None:
        self._trusted = OriginSet(origins)

    def allows(self, source: Source, scheme: str, authority: str) -> bool:
        """Whether a request of *source* for *scheme* and *authority* was meant by its user."""
        if source.origin and source.origin in self._trusted:
            return True
        if source.fetch_site:
            return source.fetch_site in _OWN_SITE
        said = source.origin or _origin_of(source.referer)
        return bool(said) and (said == _own(scheme, authority) or said in self._trusted)

    def __repr__(self) -> str:
        return f"<SourceRules {self._trusted!r}>"


def _origin_of(url: bytes) -> bytes:
    found = _BEGINNING.match(url)
    return found[0] if found else b""


def _own(scheme: str, authority: str) -> bytes:
    """The origin of the page that a browser shows for this gateway, as the browser writes it."""
    try:
        return parse_origin(f"{scheme}://{authority}").encode("ascii")
    except ValueError:
        return b""
