"""Tests of what is taken out of URLs."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.observe.redaction import SECRET_PARAMETERS, redact_target, redact_text, redact_url


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a", "/a"),
        ("/a?page=2&q=x", "/a?page=2&q=x"),
        ("/a?token=s3cret", "/a?token=REDACTED"),
        ("/a?x=1&API-Key=s3cret&y=2", "/a?x=1&API-Key=REDACTED&y=2"),
        ("/a?%74oken=s3cret", "/a?%74oken=REDACTED"),
        ("/a?user%5Bpassword%5D=s3cret", "/a?user%5Bpassword%5D=REDACTED"),
        ("/a?user[password]=s3cret", "/a?user[password]=REDACTED"),
        ("/a?password=s3;cret?s3cret=s3cret", "/a?password=REDACTED"),
        ("/a?x=1;token=s3cret", "/a?x=1;token=REDACTED"),
        ("/a;sid=s3cret/b", "/a;sid=REDACTED"),
        ("/a?next=/b?code=s3cret&z=1", "/a?next=/b?code=REDACTED&z=1"),
        ("/a?token=", "/a?token=REDACTED"),
        ("/a?token", "/a?token"),
        ("/a?tokens=3&monkey=1", "/a?tokens=3&monkey=1"),
        ("/a?=x&token=s3cret", "/a?=x&token=REDACTED"),
    ],
)
def test_redact_target_secret_parameter_loses_its_value(target: str, expected: str) -> None:
    """Names stay, values of secret ones go, everything else is untouched."""
    assert redact_target(target) == expected


@given(
    st.sampled_from(sorted(SECRET_PARAMETERS)),
    st.text("abcxyz019=+%;?/ ", max_size=8).map(lambda tail: "s3cret" + tail),
    st.booleans(),
)
def test_redact_target_every_secret_name_however_written_loses_its_value(name: str, value: str, encode: bool) -> None:
    """No spelling of a listed name lets the value through, and the parameters around it stay."""
    written = "".join(f"%{ord(letter):02X}" for letter in name) if encode else name.upper()
    redacted = redact_target(f"/p?a=1&{written}={value}&b=2")
    assert redacted == f"/p?a=1&{written}=REDACTED&b=2"


def test_redact_url_user_information_is_replaced() -> None:
    """A URL with a password before the host loses it; an at sign further on is none."""
    assert redact_url("https://me:s3cret@x.example/p?a=b@c") == "https://REDACTED@x.example/p?a=b@c"
    assert redact_url("https://x.example/@me?id=1") == "https://x.example/@me?id=1"


def test_redact_url_fragment_token_is_replaced() -> None:
    """The token that an implicit grant leaves in a fragment goes, too."""
    assert (
        redact_url("https://x.example/cb#access_token=s3cret&b=1") == "https://x.example/cb#access_token=REDACTED&b=1"
    )


def test_redact_text_keeps_the_words_after_a_url() -> None:
    """In prose a value ends where the URL ends."""
    assert redact_text("GET '/a?token=s3cret' failed") == "GET '/a?token=REDACTED' failed"


@given(st.text("ab&;#?=[]%.\t ", max_size=200))
def test_redact_target_without_listed_name_changes_nothing(target: str) -> None:
    """Text without a listed name comes back as it went in."""
    assert redact_target(target) == target


@given(st.text(max_size=40))
def test_redact_target_quoted_value_never_shows(value: str) -> None:
    """Whatever a secret holds, once encoded as a query demands, it is gone."""
    assert redact_target(f"/?secret={quote(value, safe='')}") == "/?secret=REDACTED"
