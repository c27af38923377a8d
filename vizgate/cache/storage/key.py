"""Under which key a response is stored.

In: the key of a resource, and the address under which every spelling of it is purged. Not in: what ``Vary`` adds to it
(``ask.vary``).

A response is found again by the very host and target that the service saw, and purged and invalidated by their normal
form. Were two spellings of a path one key, a service that tells them apart could be made to fill the key of one with
the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from vizgate.errors import BadRequest
from vizgate.message.target import normalize_path, parse_authority, split_absolute
from vizgate.pipeline.request import Request

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """What people call a resource: scheme, authority and target, each in its normal form."""

    scheme: str
    authority: str
    target: str


class ResourceKey(NamedTuple):
    """What responses of one resource are stored under. ``route``: two routes may answer for one address differently, by
    fields of requests that no ``Vary`` tells of. ``authority``: in lower case, with the port as it came. ``target``: as
    it came. ``way``: which of the services of a split route answers. ``told``: see ``ask.question.Question``.
    """

    route: str
    scheme: str
    authority: str
    target: bytes
    way: int = 0
    told: bytes = b""


def key_of(request: Request, way: int = 0, told: bytes = b"") -> ResourceKey:
    """The key of what *request* asks for. Args: way, told: see ``ResourceKey``."""
    # The port of the scheme is left there: services repeat it in links and redirects, and one that adds "s" to "http"
    # would send all clients to https://example.com:80 because one has asked example.com:80.
    return ResourceKey(request.route, request.scheme, request.authority.lower(), request.target, way, told)


def address_of(scheme: str, authority: str, target: bytes) -> Address:
    """The address of *target*, path and query. Raises: BadRequest: its path is refused everywhere in the gateway."""
    path, mark, query = target.partition(b"?")
    return Address(scheme, normal_authority(authority, scheme), normalize_path(path) + (mark + query).decode("latin-1"))


def address_of_url(url: str) -> Address:
    """The address of an absolute URL; a fragment says nothing. Raises: ValueError: it is none of http or https."""
    raw = url.partition("#")[0].encode("utf-8")
    parts = split_absolute(raw)
    if parts is None:
        raise ValueError(f"{url!r} is not an absolute URL. Write for example 'https://api.example.com/users/7'")
    scheme = raw.partition(b":")[0].decode("ascii").lower()
    try:
        return address_of(scheme, parts[0].decode("latin-1"), parts[1])
    except BadRequest as exc:
        raise ValueError(f"{url!r} has a path that no request can have: {exc.detail}") from exc


@lru_cache(maxsize=1024)
def normal_authority(authority: str, scheme: str) -> str:
    """*authority* with its host in lower case and without the port that *scheme* has anyway."""
    parsed = parse_authority(authority.encode("latin-1", "replace"))
    if parsed is None:
        return authority
    host, port = parsed
    return host if port is None or port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
