"""Origins: how patterns are read, and which origins are in a set of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.origins import OriginSet, parse_origin

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9\-]{0,10}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("HTTPS://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        ("https://*.Example.com", "https://*.example.com"),
        ("http://*.localhost:8080", "http://*.localhost:8080"),
        ("null", "null"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    ],
)
def test_parse_origin_is_written_as_a_browser_writes_it(text: str, written: str) -> None:
    """Lower case, no port that is the scheme's own, IPv6 in its shortest form."""
    assert written == parse_origin(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://app.example.com/", "has a path, and an origin has none. Write 'https://app.example.com'"),
        ("https://app.example.com/x?y", "has a path"),
        ("app.example.com", "has no scheme. Write 'https://app.example.com'"),
        ("https://*.com", "Write at least two labels behind the star"),
        ("https://a.*.example.com", "is not an origin"),
        ("https://*example.com", "is not an origin"),
        ("https://*", "is not an origin"),
        ("*", "is not an origin"),
        ("", "is not an origin"),
        ("https://u@app.example.com", "is not an origin"),
        ("https://app.example.com:0", "no valid port"),
        ("https://app.example.com:99999", "no valid port"),
        ("https://[::1::]", "is not an origin"),
        ("https://*.[::1]", "is not an origin"),
        ("https://app.example.com https://b.example.com", "is not an origin"),
    ],
)
def test_parse_what_is_no_origin_is_refused(text: str, words: str) -> None:
    """The message says what to write."""
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_origin(text)


@pytest.mark.parametrize(
    "origin",
    [
        b"https://example.com",
        b"https://evilexample.com",
        b"https://evil-example.com",
        b"https://a.example.com.evil",
        b"https://a.example.com:8443",
        b"http://a.example.com",
        b"https://.example.com",
        b"https://a..example.com",
        b"https://a.example.com/",
        b"https://a.example.com#.example.com",
        b"https://evil.com?.example.com",
        b"https://evil.com/.example.com",
        b"https://evil.com\\.example.com",
        b"https://u@a.example.com",
        b"https://A.example.com",
        b"https://a.example.com https://b.example.com",
        b"https://a.example.com, https://b.example.com",
        b"https://a.example.com\n",
        b"https://*.example.com",
        b"https://" + b"a." * 5000 + b"example.com",
        b"null",
        b"",
        b"\xff",
    ],
)
def test_wildcard_takes_hosts_below_and_nothing_else(origin: bytes) -> None:
    """What only looks like a host below ``example.com`` is not let in."""
    assert origin not in OriginSet(["https://*.example.com"])


@pytest.mark.parametrize("origin", [b"https://a.example.com", b"https://a.b.example.com", b"https://x--1.example.com"])
def test_wildcard_takes_any_number_of_labels(origin: bytes) -> None:
    """As the wildcard of a route's host does."""
    assert origin in OriginSet(["https://*.example.com"])


def test_exact_origin_is_that_origin_alone() -> None:
    """Scheme, host and port all count."""
    origins = OriginSet(["https://app.example.com", "http://localhost:3000", "null"])
    assert all(origin in origins for origin in (b"https://app.example.com", b"http://localhost:3000", b"null"))
    for origin in (b"http://app.example.com", b"http://localhost", b"http://localhost:30000", b"https://app.example"):
        assert origin not in origins


@given(st.sampled_from(["http", "https"]), st.lists(LABELS, min_size=1, max_size=5), st.none() | st.integers(1, 65535))
def test_any_host_below_is_taken_by_its_wildcard_only(scheme: str, labels: list[str], port: int | None) -> None:
    """A host below is taken; with any other scheme, port or parent it is not."""
    end = "" if port is None else f":{port}"
    pattern = parse_origin(f"{scheme}://*.example.com{end}")
    own = parse_origin(f"{scheme}://{'.'.join(labels)}.example.com{end}").encode()
    assert own in OriginSet([pattern])
    other = "http" if scheme == "https" else "https"
    for stranger in (
        f"{other}://{'.'.join(labels)}.example.com{end}",
        f"{scheme}://{'.'.join(labels)}.example.com.{labels[0]}{end}",
        f"{scheme}://{'-'.join(labels)}example.com{end}",
        f"{scheme}://{'.'.join(labels)}.example.com:{65535 if port != 65535 else 1}",
    ):
        assert stranger.encode() not in OriginSet([pattern])


@given(st.text(max_size=40) | st.from_regex(r"https?://[*.a-z0-9:\[\]/@\-]{0,25}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is read stays as it is when it is read again, and is in a set of itself unless it is a wildcard."""
    try:
        written = parse_origin(text)
    except ValueError:
        return
    assert written == parse_origin(written)
    assert ("*" not in written) == (written.encode() in OriginSet([written]))
