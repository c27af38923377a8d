"""Finding a bearer token in a request, and taking it out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.bearer import BearerTokens, check_token68
from vizgate.extension.kinds.authenticator import CredentialRefused

TOKENS = BearerTokens(100)
WITH_COOKIE = BearerTokens(100, "session")


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"BEARER   abc  "])
def test_find_reads_the_scheme_without_case(value: bytes) -> None:
    """The scheme has no case (RFC 9110 11.1); spaces around the token are none of it."""
    assert b"abc" == TOKENS.find([(b"X-A", b"b"), (b"AUTHORIZATION", value)])


@pytest.mark.parametrize("value", [b"Basic YTpi", b"Bearerx abc", b"", b"Digest a=b"])
def test_find_other_scheme_is_nothing_shown(value: bytes) -> None:
    """A credential of another kind is for another authenticator."""
    assert TOKENS.find([(b"Authorization", value)]) is None


def test_find_nothing() -> None:
    """A request without a credential shows nothing."""
    assert TOKENS.find([(b"Cookie", b"session=abc"), (b"X-Authorizati", b"Bearer a")]) is None


@pytest.mark.parametrize("value", [b"Bearer", b"Bearer ", b"Bearer    ", b"bearer\tabc", b"Bearer,abc"])
def test_find_without_a_token_is_refused(value: bytes) -> None:
    """A scheme with nothing usable behind it is a bad credential, not a missing one."""
    with pytest.raises(CredentialRefused) as refused:
        TOKENS.find([(b"Authorization", value)])
    assert ("invalid_request", 400) == (refused.value.error, refused.value.status)


@pytest.mark.parametrize("others", [[b"Bearer def"], [b"Basic YTpi"], [b"Bearer abc"]])
def test_find_two_fields_are_refused(others: list[bytes]) -> None:
    """With two fields the service might take the other one; even equal ones are refused."""
    for lines in ([b"Bearer abc", *others], [*others, b"Bearer abc"]):
        with pytest.raises(CredentialRefused, match="more than one") as refused:
            TOKENS.find([(b"Authorization", value) for value in lines])
        assert 400 == refused.value.status


def test_find_two_fields_of_other_schemes_are_not_its_business() -> None:
    """Two fields without a bearer token are for another authenticator to judge."""
    assert TOKENS.find([(b"Authorization", b"Basic YTpi"), (b"Authorization", b"Basic Yzpk")]) is None


def test_find_long_token_is_refused() -> None:
    """The size is looked at first."""
    assert TOKENS.find([(b"Authorization", b"Bearer " + b"a" * 100)]) is not None
    with pytest.raises(CredentialRefused, match="over 100 bytes") as refused:
        TOKENS.find([(b"Authorization", b"Bearer " + b"a" * 101)])
    assert 401 == refused.value.status


@pytest.mark.parametrize("value", [b"session=abc", b"a=b; session=abc; c=d", b"a=b;session=abc", b"session= abc "])
def test_find_in_a_cookie(value: bytes) -> None:
    """With a cookie's name, that cookie may hold the token."""
    assert b"abc" == WITH_COOKIE.find([(b"cookie", value)])


@pytest.mark.parametrize("value", [b"", b"xsession=abc", b"session", b"session=", b"Session=abc"])
def test_find_no_such_cookie(value: bytes) -> None:
    """Other cookies, and an empty one as it is left by a log-out, are nothing shown. Names of cookies have case."""
    assert WITH_COOKIE.find([(b"Cookie", value)]) is None


def test_find_two_cookies_are_refused() -> None:
    """A neighbour domain can plant a second cookie of the name."""
    with pytest.raises(CredentialRefused, match="more than one cookie"):
        WITH_COOKIE.find([(b"Cookie", b"session=abc"), (b"Cookie", b"session=def")])


def test_find_field_wins_over_cookie() -> None:
    """What a program sends on purpose goes before what a browser sends by itself."""
    assert b"abc" == WITH_COOKIE.find([(b"Cookie", b"session=def"), (b"Authorization", b"Bearer abc")])


def test_strip_leaves_everything_else() -> None:
    """Only the credential goes: other schemes, other cookies and their order stay."""
    fields = [
        (b"Cookie", b"a=b; session=abc;c=d"),
        (b"Authorization", b"Bearer abc"),
        (b"X-A", b"b"),
        (b"cookie", b"session=def"),
        (b"Authorization", b"Basic YTpi"),
    ]
    WITH_COOKIE.strip(fields)
    assert [(b"Cookie", b"a=b; c=d"), (b"X-A", b"b"), (b"Authorization", b"Basic YTpi")] == fields


def test_strip_without_a_cookie_name_leaves_cookies() -> None:
    """Cookies are nobody's business then."""
    fields = [(b"Cookie", b"session=abc"), (b"authorization", b"bearer abc")]
    TOKENS.strip(fields)
    assert [(b"Cookie", b"session=abc")] == fields


@pytest.mark.parametrize("token", [b"abc", b"a-._~+/9==", b"a" * 5000])
def test_token68_is_accepted(token: bytes) -> None:
    """RFC 6750 2.1."""
    check_token68(token)


@pytest.mark.parametrize("token", [b"", b"a b", b"a,b", b"=", b"a=b", b'"abc"', b"a\xe9", b"a\x00"])
def test_other_text_is_refused(token: bytes) -> None:
    """Anything else is no bearer token."""
    with pytest.raises(CredentialRefused):
        check_token68(token)


@given(st.lists(st.tuples(st.sampled_from([b"Authorization", b"Cookie", b"X"]), st.binary(max_size=40))))
def test_find_any_bytes(fields: list[tuple[bytes, bytes]]) -> None:
    """Whatever is sent: a token, nothing, or a refusal; and after ``strip`` nothing is found."""
    with suppress(CredentialRefused):
        WITH_COOKIE.find(fields)
    WITH_COOKIE.strip(fields)
    assert WITH_COOKIE.find(fields) is None
