"""Who is counted apart: the key of a request.

In: ``compile_key``. Not in: which rule the key counts by (``limiter.limit``).

A key is bounded and unambiguous: every part says how long it is, a long one is replaced by its hash, and a part that a
request does not have is a value of its own, the same for all such requests.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from socket import AF_INET6, inet_pton

from vizgate.message.cookies import cookie_value
from vizgate.message.headers import encode_name
from vizgate.pipeline.request import Request

#: Gives the bytes of one thing about a request; None when there is no such thing.
Part = Callable[[Request], bytes | None]
KeyOf = Callable[[Request], bytes]

_LONGEST = 64
_MISSING = b"-"
# ::ffff:0:0/96, RFC 4291 2.5.5.2: an IPv4 address in IPv6 clothes.
_MAPPED = bytes(10) + b"\xff\xff"


def compile_key(names: tuple[str, ...], scope: tuple[str, ...]) -> KeyOf:
    """The function that makes keys of *names*: ip, user, api_key, route, header:NAME, cookie:NAME.

    Args: scope: what the key is for; keys of different scopes are never equal.
    """
    prefix = b"".join(_framed(text.encode("utf-8", "surrogatepass")) for text in scope)
    parts = [_part(name) for name in names]
    if len(parts) == 1:
        return _of_one(prefix, parts[0])

    def key(request: Request) -> bytes:
        return prefix + b"".join([_framed(_bounded(part(request))) for part in parts])

    return key


def _of_one(prefix: bytes, part: Part) -> KeyOf:
    # What follows the prefix is the one part, so its length need not be told.
    def key(request: Request) -> bytes:
        return prefix + _bounded(part(request))

    return key


def _framed(data: bytes) -> bytes:
    return b"%d:%b" % (len(data), data)


def _bounded(value: bytes | None) -> bytes:
    """*value*, marked as itself, as hashed, or as missing."""
    if value is None:
        return _MISSING
    if len(value) <= _LONGEST:
        return b"=" + value
    return b"#" + blake2b(value, digest_size=32).digest()


def _part(name: str) -> Part:
    kind, _, argument = name.partition(":")
    if kind == "header":
        lower = encode_name(argument).lower()
        return lambda request: request.headers.get_bytes(lower)
    if kind == "cookie":
        cookie = argument.encode("latin-1")
        return lambda request: cookie_value(request.headers.raw, cookie)
    return _SIMPLE[kind]


def _ip(request: Request) -> bytes | None:
    return network_of(request.client) if request.client else None


def network_of(address: str) -> bytes:
    """What counts as one client: an IPv4 address, or the /64 that an IPv6 address is in.

    Whoever has one address of a /64 usually has all of them.
    """
    if ":" not in address:
        return address.encode()
    try:
        packed = inet_pton(AF_INET6, address.partition("%")[0])
    except OSError:
        return address.encode("utf-8", "surrogatepass")
    if packed.startswith(_MAPPED):
        return b"%d.%d.%d.%d" % tuple(packed[12:])
    return packed[:8]


def _user(request: Request) -> bytes | None:
    identity = request.identity
    return None if identity is None else identity.user.encode("utf-8", "surrogatepass")


def _credential(request: Request) -> bytes | None:
    identity = request.identity
    if identity is None or not identity.credential:
        return None
    # Two authenticators may give the same name to a credential.
    authenticator = _framed(identity.authenticator.encode("utf-8", "surrogatepass"))
    return authenticator + identity.credential.encode("utf-8", "surrogatepass")


def _route(request: Request) -> bytes:
    return request.route.encode("utf-8", "surrogatepass")


_SIMPLE: dict[str, Part] = {"ip": _ip, "user": _user, "api_key": _credential, "route": _route}
