"""What must be true of a token besides its signature."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.jwt.rules import TokenRules, Validity
from vizgate.extension.kinds.authenticator import CredentialRefused

RULES = TokenRules(frozenset({"a", "b"}), frozenset({"vizgate", "gw"}), ("exp",), 30.0)
GOOD: dict[str, Any] = {"iss": "a", "aud": "vizgate", "exp": 1000}


def refused(rules: TokenRules, claims: dict[str, Any], now_s: float = 500.0) -> str:
    with pytest.raises(CredentialRefused) as error:
        rules.check(claims, now_s)
    return error.value.detail


def test_good_token_has_its_time() -> None:
    """A token is good from nbf (or iat) on, less the leeway, and to exp."""
    assert Validity(-inf, 1000.0) == RULES.check(GOOD, 500.0)
    assert Validity(370.0, 1000.0) == RULES.check({**GOOD, "nbf": 400, "iat": 300}, 500.0)
    assert Validity(-inf, inf) == TokenRules().check({}, 500.0)


@pytest.mark.parametrize(("now_s", "is_good"), [(1029.9, True), (1030.0, False), (1030.1, False), (1e12, False)])
def test_exp_with_leeway(now_s: float, *, is_good: bool) -> None:
    """RFC 7519 4.1.4: on or after exp it is over; clocks may differ by the leeway."""
    if is_good:
        RULES.check(GOOD, now_s)
    else:
        assert "the token has expired" == refused(RULES, GOOD, now_s)


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_nbf_and_iat_with_leeway(name: str) -> None:
    """Before nbf, or before it was issued, a token is not valid."""
    RULES.check({**GOOD, name: 530}, 500.0)
    assert "the token is not valid yet" == refused(RULES, {**GOOD, name: 530.5})


@pytest.mark.parametrize("value", ["1000", True, [1000], {}, "", "inf"])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_times_are_numbers(name: str, value: object) -> None:
    """NumericDate is a JSON number (RFC 7519 2)."""
    assert f"the token's {name} is no number" == refused(RULES, {**GOOD, name: value})


@pytest.mark.parametrize("value", [inf, 10**400, -(10**400)])
def test_times_are_finite(value: float) -> None:
    """A number beyond all time is no time."""
    assert "the token's exp is no time" == refused(RULES, {**GOOD, "exp": value})


@pytest.mark.parametrize("claims", [{"iss": "a", "aud": "gw"}, {**GOOD, "exp": None}])
def test_required_claim_is_missing(claims: dict[str, Any]) -> None:
    """What is required must be there, and not null."""
    assert "the token has no exp" == refused(RULES, claims)


@pytest.mark.parametrize("issuer", [None, "c", "A", "a ", ["a"], 1])
def test_other_issuer(issuer: object) -> None:
    """One of the issuers, letter by letter."""
    assert "the token is from another issuer" == refused(RULES, {**GOOD, "iss": issuer})


@pytest.mark.parametrize("audience", ["vizgate", ["gw"], ["x", "vizgate"]])
def test_audience_is_one_or_several(audience: object) -> None:
    """A token may be meant for several."""
    RULES.check({**GOOD, "aud": audience}, 500.0)


@pytest.mark.parametrize("audience", [None, "x", "", [], ["x"], [["vizgate"]], {"vizgate": 1}, 1, "vizgate,gw"])
def test_other_audience(audience: object) -> None:
    """A token for somebody else is refused."""
    assert "the token is meant for somebody else" == refused(RULES, {**GOOD, "aud": audience})


def test_audience_that_nobody_has_configured() -> None:
    """RFC 7519 4.1.3: who has no name of its own rejects a token that has an audience; None does not look."""
    assert "the token is meant for somebody else" == refused(TokenRules(), {"aud": "x"})
    TokenRules(audiences=None).check({"aud": "x"}, 0.0)


@pytest.mark.parametrize("subject", [1, [], {}, True])
def test_sub_is_text(subject: object) -> None:
    """RFC 7519 4.1.2, whatever claim names the user."""
    assert "the token's sub is no text" == refused(RULES, {**GOOD, "sub": subject})


NAMES = st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat"])
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3))


@given(st.dictionaries(NAMES, VALUES), st.floats(0, 4e9))
def test_any_claims_hold_or_are_refused(claims: dict[str, Any], now_s: float) -> None:
    """Nothing but ``CredentialRefused`` is raised, and what holds now is in the time that is given."""
    try:
        validity = RULES.check(claims, now_s)
    except CredentialRefused:
        return
    assert validity.from_s <= now_s < validity.until_s + 30.0
