"""Which pages may have a browser send something."""

from __future__ import annotations

import pytest

from vizgate.access.csrf.source import Source, SourceRules

RULES = SourceRules(["https://app.example.com", "https://*.trusted.example"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source(origin=b"https://api.example.com"), True),
        (Source(origin=b"https://app.example.com"), True),
        (Source(origin=b"https://a.trusted.example", fetch_site=b"cross-site"), True),
        (Source(fetch_site=b"same-origin"), True),
        (Source(fetch_site=b"none"), True),
        (Source(referer=b"https://api.example.com/form?x"), True),
        (Source(referer=b"https://api.example.com"), True),
        (Source(), False),
        (Source(origin=b"null"), False),
        (Source(origin=b"null", fetch_site=b"cross-site"), False),
        (Source(origin=b"null", referer=b"https://api.example.com/"), False),
        (Source(origin=b"https://evil.example"), False),
        (Source(origin=b"https://evil.example", referer=b"https://api.example.com/"), False),
        (Source(fetch_site=b"same-site"), False),
        (Source(fetch_site=b"cross-site"), False),
        (Source(fetch_site=b"Same-Origin"), False),
        (Source(fetch_site=b"same-origin, cross-site"), False),
        (Source(origin=b"http://api.example.com"), False),
        (Source(origin=b"https://api.example.com:8443"), False),
        (Source(origin=b"https://api.example.com.evil"), False),
        (Source(origin=b"https://api.example.com, https://evil.example"), False),
        (Source(referer=b"https://api.example.com.evil/"), False),
        (Source(referer=b"https://api.example.com@evil.example/"), False),
        (Source(referer=b"https://evil.example/https://api.example.com/"), False),
        (Source(referer=b"https://evil.example?https://api.example.com/"), False),
    ],
)
def test_source_must_be_known_or_ones_own(source: Source, expected: bool) -> None:
    """A page of this origin or of one on the list; silence, ``null`` and what only resembles it are refused."""
    assert expected == RULES.allows(source, "https", "api.example.com")


@pytest.mark.parametrize("authority", ["API.example.com", "api.example.com:443"])
def test_own_origin_is_compared_as_a_browser_writes_it(authority: str) -> None:
    """However the client wrote ``Host``."""
    assert RULES.allows(Source(origin=b"https://api.example.com"), "https", authority)


def test_authority_that_no_browser_shows_is_nobodys_own() -> None:
    """Nothing equals an origin that cannot be."""
    assert not RULES.allows(Source(origin=b""), "https", "")
    assert not RULES.allows(Source(origin=b"https://*.example.com"), "https", "*.com")
