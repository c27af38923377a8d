"""Who is counted apart."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate import Request
from vizgate.limiter.keys import compile_key, network_of
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity

CREDENTIAL = Identity("a", credential="1")


def request_of(*, fields=(), identity=None, client="192.0.2.1", route="r") -> Request:
    request = Request("GET", b"/", Headers(list(fields)), client=client)
    request.identity = identity
    request.route = route
    return request


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2001:DB8::1", "2001:0db8::0001", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::1", "::2", True),
        ("not:an:address", "not:an:address", True),
    ],
)
def test_network_is_an_ipv4_address_or_an_ipv6_64(one, other, same):
    """Who has one address of a /64 has all of them; IPv4 in IPv6 clothes is IPv4."""
    assert same == (network_of(one) == network_of(other))


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("ip", request_of(client="192.0.2.1"), request_of(client="192.0.2.2")),
        ("user", request_of(identity=Identity("a")), request_of(identity=Identity("b"))),
        ("api_key", request_of(identity=CREDENTIAL), request_of(identity=replace(CREDENTIAL, credential="2"))),
        ("route", request_of(route="a"), request_of(route="b")),
        ("header:X-Device", request_of(fields=[(b"x-device", b"a")]), request_of(fields=[(b"X-Device", b"b")])),
        ("cookie:sid", request_of(fields=[(b"Cookie", b"a=1; sid=x")]), request_of(fields=[(b"cookie", b"sid=y")])),
    ],
)  # fmt: skip
def test_key_tells_apart_what_it_names_and_nothing_else(name, one, other):
    """Requests that differ in what is named have other keys, and the same request always the same."""
    key = compile_key((name,), ("limit",))
    assert key(one) != key(other)
    assert key(one) == key(one)
    assert compile_key(("header:other",), ("limit",))(one) == compile_key(("header:other",), ("limit",))(other)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("ip", request_of(client="")),
        ("user", request_of()),
        ("api_key", request_of(identity=Identity("a"))),
        ("api_key", request_of()),
        ("header:X-Device", request_of()),
        ("cookie:sid", request_of(fields=[(b"Cookie", b"sidx=1; xsid=2; sid")])),
    ],
)
def test_missing_part_is_a_value_of_its_own(name, request_):
    """What a request does not have is neither empty nor any value that it could have."""
    empty = request_of(
        fields=[(b"X-Device", b""), (b"Cookie", b"sid=")], identity=Identity("-", credential="-"), client="-"
    )
    key = compile_key((name,), ())
    assert b"-" == key(request_)
    assert key(request_) != key(empty)
    assert b"1:-1:-" == compile_key((name, name), ())(request_)


def test_credentials_of_two_authenticators_are_two():
    """The id of a credential means something to its authenticator only."""
    key = compile_key(("api_key",), ())
    one = request_of(identity=Identity("a", authenticator="x", credential="yz"))
    other = request_of(identity=Identity("a", authenticator="xy", credential="z"))
    assert key(one) != key(other)


def test_first_line_of_a_field_counts():
    """A client that sends a field twice does not get a key of its own for it."""
    key = compile_key(("header:X-Device",), ())
    twice = request_of(fields=[(b"X-Device", b"a"), (b"X-Device", b"b")])
    assert key(request_of(fields=[(b"X-Device", b"a")])) == key(twice)


def test_key_is_bounded_and_long_values_stay_apart():
    """A value of a MiB makes a short key, another one than a value that differs in its last byte."""
    key = compile_key(("header:X-Device", "ip"), ("limit", "tier"))
    long = [request_of(fields=[(b"X-Device", b"a" * 1_048_576 + end)]) for end in (b"1", b"2")]
    assert len({key(request) for request in long}) == 2
    assert all(len(key(request)) < 100 for request in long)


VALUES = st.one_of(st.none(), st.binary(max_size=3), st.binary(min_size=60, max_size=70))


@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_keys_of_several_parts_are_equal_only_when_all_parts_are(one, other):
    """However values are cut, none takes the place of its neighbour, of a hash, or of nothing."""
    key = compile_key(("header:a", "header:b"), ("limit",))

    def of(values):
        return key(request_of(fields=[(n, v) for n, v in zip((b"a", b"b"), values, strict=True) if v is not None]))

    assert (one == other) == (of(one) == of(other))


def test_limits_and_tiers_never_share_a_key():
    """Scopes that read the same when written one after the other make different keys."""
    scopes = [("a", "b"), ("ab", ""), ("", "ab"), ("a", "", "b"), ("a",), ("1:a", "b"), ("\udc80", "")]
    keys = [compile_key(("ip",), scope)(request_of()) for scope in scopes]
    assert all(one != other for one, other in itertools.combinations(keys, 2))
