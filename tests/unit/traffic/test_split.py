"""Which service a request goes to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.traffic.config import SplitEntryConfig, SplitWays
from vizgate.traffic.split import Split, SplitRule

_weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any)
KEYS = [b"client %d" % number for number in range(20_000)]


def split(*ways: dict[str, Any], by: str = "ip", salt: str = "r") -> Split:
    entries = [SplitEntryConfig.model_validate({"service": f"s{index}", **way}) for index, way in enumerate(ways)]
    return Split(entries, [_nobody] * len(entries), by, salt)


def _nobody(_request: Request) -> Any:
    raise AssertionError


def request(*fields: tuple[str, str], client: str = "192.0.2.1", id: str = "1") -> Request:  # noqa: A002
    return Request("GET", b"/", Headers.of(fields), client=client, id=id)


def test_weights_are_the_shares_of_clients() -> None:
    """95 to 5 means that of 20,000 clients about 5 % go to the second way."""
    rule = SplitRule([95, 5], "canary")
    share = sum(rule.index_of(key) for key in KEYS) / len(KEYS)
    assert 0.045 < share < 0.055


@given(_weights, st.binary(max_size=40), st.text(max_size=10))
def test_key_stays_and_never_goes_where_the_weight_is_zero(weights: list[int], key: bytes, salt: str) -> None:
    """The same key, weights and salt give the same way, and it is one that has a weight."""
    index = SplitRule(weights, salt).index_of(key)
    assert index == SplitRule(weights, salt).index_of(key)
    assert weights[index] > 0


def test_growing_canary_keeps_its_clients() -> None:
    """From 5 to 10 %, whoever was in the canary stays, and only clients of the other way move."""
    before, after = SplitRule([95, 5], "x"), SplitRule([90, 10], "x")
    moved = [(before.index_of(key), after.index_of(key)) for key in KEYS]
    assert (1, 0) not in moved
    assert 0.04 < moved.count((0, 1)) / len(KEYS) < 0.06


def test_two_splits_divide_independently() -> None:
    """Those who come first in one are not those who come first in another."""
    one, other = SplitRule([50, 50], "a"), SplitRule([50, 50], "b")
    same = sum(one.index_of(key) == other.index_of(key) for key in KEYS) / len(KEYS)
    assert 0.48 < same < 0.52


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_rule_without_a_way_is_refused(weights: list[int]) -> None:
    """Every key needs a way."""
    with pytest.raises(ValueError, match="weights"):
        SplitRule(weights)


def test_fields_and_cookies_decide_first_in_order() -> None:
    """A canary that is asked for by a field or a cookie is taken, whoever asks."""
    ways = split({"weight": 1}, {"header": {"X-Canary": "yes"}}, {"cookie": {"beta": "1"}})
    assert 0 == ways.choose(request())
    assert 1 == ways.choose(request(("x-canary", "yes")))
    assert 0 == ways.choose(request(("x-canary", "no")))
    assert 2 == ways.choose(request(("Cookie", "a=b; beta=1")))
    assert 0 == ways.choose(request(("Cookie", "beta=11; xbeta=1")))
    assert 1 == ways.choose(request(("X-Canary", "yes"), ("Cookie", "beta=1")))


@pytest.mark.parametrize(
    ("by", "same", "fields"),
    [
        ("cookie:sid", ("Cookie", "sid=abc"), "Cookie"),
        ("header:X-Device", ("X-Device", "abc"), "X-Device"),
    ],
)
def test_client_is_who_the_key_says(by: str, same: tuple[str, str], fields: str) -> None:
    """With the cookie or the field, the address does not count; without it, it does."""
    ways = split({"weight": 50}, {"weight": 50}, by=by)
    addresses = [f"192.0.2.{number}" for number in range(200)]
    assert 1 == len({ways.choose(request(same, client=address)) for address in addresses})
    assert {0, 1} == {ways.choose(request(client=address)) for address in addresses}
    assert {0, 1} == {ways.choose(request((fields, f"sid={number}"))) for number in range(200)}


def test_user_is_the_verified_one() -> None:
    """``split_by: user`` follows the identity, from whatever address."""
    ways = split({"weight": 50}, {"weight": 50}, by="user")

    def of(user: str, client: str) -> int:
        one = request(client=client)
        one.identity = Identity(user)
        return ways.choose(one)

    assert 1 == len({of("acme", f"192.0.2.{number}") for number in range(100)})
    assert {0, 1} == {of(f"user {number}", "192.0.2.1") for number in range(100)}


def test_client_without_address_goes_anywhere() -> None:
    """Over a Unix socket nobody is known: requests are divided by their ids."""
    ways = split({"weight": 50}, {"weight": 50})
    assert {0, 1} == {ways.choose(request(client="", id=str(number))) for number in range(100)}


@pytest.mark.parametrize(
    ("ways", "message"),
    [
        ([], "no way has a weight"),
        ([{"service": "a"}], "no request goes here"),
        ([{"service": "a", "header": {"X": "1"}}], "no way has a weight"),
        ([{"service": "a", "weight": -1}], "greater than or equal to 0"),
        ([{"service": "a", "weight": 1, "cookie": {"a b": "1"}}], "not the name of a cookie"),
    ],
)
def test_config_refuses_ways_that_lead_nowhere(ways: list[dict[str, Any]], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(SplitWays).validate_python(ways)
