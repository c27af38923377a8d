"""The number that a request is hashed to."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from vizgate.balancer.hashing.key import compile_key
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request


def request_of(*fields: tuple[bytes, bytes], target: bytes = b"/a?b", client: str = "192.0.2.1") -> Request:
    return Request("GET", target, Headers(list(fields)), client=client)


@pytest.mark.parametrize(
    ("on", "one", "same", "other"),
    [
        ("ip", request_of(), request_of(target=b"/c"), request_of(client="192.0.2.2")),
        ("path", request_of(), request_of(target=b"/a?c", client="192.0.2.2"), request_of(target=b"/c")),
        ("header:X-User", request_of((b"X-User", b"a")), request_of((b"x-user", b"a")), request_of((b"X-User", b"b"))),
        (
            "cookie:sid",
            request_of((b"Cookie", b"a=1; sid=x; b=2")),
            request_of((b"cookie", b"c=3"), (b"cookie", b"sid=x")),
            request_of((b"Cookie", b"a=1; sid=y; b=2; xsid=x")),
        ),
    ],
)  # fmt: skip
def test_key_is_of_what_it_is_made_from(on: str, one: Request, same: Request, other: Request) -> None:
    """The same value gives the same 64 bits whatever else is in a request, another value others."""
    key = compile_key(on, random.Random(1))
    assert key(one) == key(same)
    assert key(one) != key(other)
    assert 0 <= key(one) < 2**64
    assert key(one) == compile_key(on, random.Random(2))(one)


@pytest.mark.parametrize("on", ["header:X-User", "cookie:sid", "ip"])
def test_key_of_nothing_is_any(on: str) -> None:
    """Requests without a value, or with an empty one, are spread out; they are not one client."""
    key = compile_key(on, random.Random(1))
    request = request_of((b"X-User", b""), (b"Cookie", b"sid="), client="")
    quarters = Counter(key(request) >> 62 for _ in range(4000))
    assert all(900 < quarters[quarter] < 1100 for quarter in range(4))
