"""Which of several services a request goes to.

In: ``SplitRule``, the decision by weight, and ``Split``, the handler that asks it. Not in: the services.

Nothing is remembered: the same client hashes to the same number, in every worker and on every machine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from itertools import accumulate

from vizgate.message.cookies import cookie_value
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.traffic.config import SplitEntryConfig

_HASH_BYTES = 8

#: What makes requests those of one client; None where this one does not tell.
KeyOf = Callable[[Request], bytes | None]
_Test = Callable[[Request], bool]


class SplitRule:
    """Divides keys among ways by *weights*.

    Each way has an interval of the numbers that keys hash to, in order. So when the weight of the last way grows, it
    takes keys from those before, and loses none.

    Args: salt: two splits with different ones divide independently, so that it is not always the same clients who
    come first.
    """

    __slots__ = ("_ends", "_salt", "_total")

    def __init__(self, weights: Sequence[int], salt: str = "") -> None:
        self._ends = list(accumulate(weights))
        if not self._ends or min(weights) < 0 or not self._ends[-1]:
            raise ValueError("weights are not negative, and one of them is more than 0")
        self._total = self._ends[-1]
        self._salt = blake2b(salt.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def index_of(self, key: bytes) -> int:
        """The way of *key*, always the same; never one of weight 0."""
        digest = blake2b(key, digest_size=_HASH_BYTES, key=self._salt).digest()
        return bisect_right(self._ends, int.from_bytes(digest, "big") * self._total >> 8 * _HASH_BYTES)

    def __repr__(self) -> str:
        return f"<SplitRule {self._ends}>"


class Split:
    """A handler that passes each request to one of *handlers*, those of *ways*.

    Fields and cookies decide first, in the order of the ways; then the client.
    """

    __slots__ = ("_handlers", "_key_of", "_rule", "_tests")

    def __init__(self, ways: Sequence[SplitEntryConfig], handlers: Sequence[Handler], by: str, salt: str) -> None:
        self._handlers = tuple(handlers)
        self._tests = [(test, index) for index, way in enumerate(ways) for test in _tests_of(way)]
        self._rule = SplitRule([way.weight for way in ways], salt)
        self._key_of = key_of(by)

    def choose(self, request: Request) -> int:
        """The index of the way of *request*."""
        for test, index in self._tests:
            if test(request):
                return index
        return self._rule.index_of(self._key_of(request) or _fallback_key(request))

    def __call__(self, request: Request) -> Awaitable[Response]:
        """Pass *request* on."""
        return self._handlers[self.choose(request)](request)

    def __repr__(self) -> str:
        return f"<Split [{len(self._handlers)} ways]>"


def key_of(by: str) -> KeyOf:
    """The function that tells clients apart. Args: by: ip, user, cookie:NAME or header:NAME."""
    kind, _, name = by.partition(":")
    raw = name.encode("latin-1")
    if kind == "cookie":
        return lambda request: cookie_value(request.headers.raw, raw)
    if kind == "header":
        lower = raw.lower()
        return lambda request: request.headers.get_bytes(lower)
    return _user if kind == "user" else _ip


def _user(request: Request) -> bytes | None:
    return None if request.identity is None else request.identity.user.encode("utf-8", "surrogatepass")


def _ip(request: Request) -> bytes | None:
    return request.client.encode("utf-8", "surrogatepass") or None


def _fallback_key(request: Request) -> bytes:
    """The address of a client that does not tell who it is; over a Unix socket nobody is known, and any way will do."""
    return _ip(request) or request.id.encode("utf-8", "surrogatepass")


def _tests_of(way: SplitEntryConfig) -> list[_Test]:
    fields = [_field_test(name.lower().encode("latin-1"), value.encode()) for name, value in way.header.items()]
    cookies = [_cookie_test(name.encode("latin-1"), value.encode()) for name, value in way.cookie.items()]
    return [*fields, *cookies]


def _field_test(lower: bytes, value: bytes) -> _Test:
    return lambda request: request.headers.get_bytes(lower) == value


def _cookie_test(name: bytes, value: bytes) -> _Test:
    return lambda request: cookie_value(request.headers.raw, name) == value
