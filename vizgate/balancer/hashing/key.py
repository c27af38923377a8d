"""The number that a request is hashed to.

In: ``compile_key``. Not in: the target of that number (``balancer.hashing.consistent_hash``).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from hashlib import blake2b

from vizgate.message.cookies import cookie_value
from vizgate.message.headers import encode_name
from vizgate.pipeline.request import Request

#: Gives 64 bits.
KeyOf = Callable[[Request], int]

# Gives what is hashed; nothing, or None, when the request has no such thing.
_ValueOf = Callable[[Request], bytes | None]


def compile_key(on: str, chance: random.Random) -> KeyOf:
    """The function that makes numbers of *on*: ip, path, header:NAME or cookie:NAME.

    Equal values give equal numbers in every process. Requests without a value get any, so that they are spread out.
    """
    value_of = _value_of(on)

    def key(request: Request) -> int:
        value = value_of(request)
        if not value:
            return chance.getrandbits(64)
        return int.from_bytes(blake2b(value, digest_size=8).digest(), "big")

    return key


def _value_of(on: str) -> _ValueOf:
    kind, _, name = on.partition(":")
    if kind == "header":
        lower = encode_name(name).lower()
        return lambda request: request.headers.get_bytes(lower)
    if kind == "cookie":
        wanted = name.encode("latin-1")
        return lambda request: cookie_value(request.headers.raw, wanted)
    return _ip if kind == "ip" else _path


def _ip(request: Request) -> bytes:
    return request.client.encode()


def _path(request: Request) -> bytes:
    return request.target.partition(b"?")[0]
