"""What a text may name of a request: ``{client}``, ``{params.id}``, ``{claims.email}``.

In: the names and how each value is found. Not in: the texts (``transform.values.text``).

Values are bytes, as they came, or UTF-8. An empty one counts as missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from vizgate.message.cookies import cookie_value
from vizgate.message.headers import encode_name
from vizgate.pipeline.request import Request

#: The value for a request; None or b"" when it is missing.
Source = Callable[[Request], bytes | None]


def find_source(name: str) -> Source:
    """How the value called *name* is found. Raises: ValueError: there is none; the message says which there are."""
    if name in _SIMPLE:
        return _SIMPLE[name]
    kind, _, rest = name.partition(".")
    if kind in _OF_NAME and rest:
        return _OF_NAME[kind](rest)
    known = [*_SIMPLE, *(f"{kind}.NAME" for kind in _OF_NAME)]
    close = get_close_matches(name, _SIMPLE, n=1)
    remedy = f"Did you mean {{{close[0]}}}?" if close else f"There are {', '.join(known)}"
    raise ValueError(f"no value is called {{{name}}}. {remedy}, or write {{{{{name}}}}} for this very text")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _user(request: Request) -> bytes | None:
    return None if request.identity is None else _utf8(request.identity.user)


def _tier(request: Request) -> bytes | None:
    return None if request.identity is None else _utf8(request.identity.tier)


def _scopes(request: Request) -> bytes | None:
    return None if request.identity is None else _utf8(" ".join(sorted(request.identity.scopes)))


def _param(name: str) -> Source:
    def value(request: Request) -> bytes | None:
        found = request.params.get(name)
        return None if found is None else _utf8(str(found))

    return value


def _claim(name: str) -> Source:
    """A claim called *name*, or one inside others: of ``{"org": {"id": 7}}``, ``org.id`` is 7."""
    path = name.split(".")

    def value(request: Request) -> bytes | None:
        if request.identity is None:
            return None
        claims = request.identity.claims
        return _claim_text(claims[name] if name in claims else _inside(claims, path))

    return value


def _inside(found: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _claim_text(found: Any) -> bytes | None:
    """Text as it is, a list of texts with commas between, anything else as JSON."""
    if found is None:
        return None
    if isinstance(found, str):
        return _utf8(found)
    if isinstance(found, list | tuple) and all(isinstance(item, str) for item in found):
        return _utf8(",".join(found))
    return json.dumps(found, separators=(",", ":"), default=str).encode("ascii")


def _field(name: str) -> Source:
    lower = encode_name(name).lower()
    return lambda request: request.headers.get_bytes(lower)


def _cookie(name: str) -> Source:
    raw = _utf8(name)
    return lambda request: cookie_value(request.headers.raw, raw)


def _query(name: str) -> Source:
    def value(request: Request) -> bytes | None:
        return next((_utf8(text) for key, text in request.query if key == name), None)

    return value


_SIMPLE: Mapping[str, Source] = {
    "client": lambda request: _utf8(request.client),
    "host": lambda request: _utf8(request.authority),
    "method": lambda request: _utf8(request.method),
    "path": lambda request: request.target.partition(b"?")[0],
    "query": lambda request: request.target.partition(b"?")[2],
    "request.id": lambda request: _utf8(request.id),
    "route": lambda request: _utf8(request.route),
    "scheme": lambda request: _utf8(request.scheme),
    "scopes": _scopes,
    "tier": _tier,
    "user": _user,
}
_OF_NAME: Mapping[str, Callable[[str], Source]] = {
    "claims": _claim,
    "cookie": _cookie,
    "header": _field,
    "params": _param,
    "query": _query,
}
