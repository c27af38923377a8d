"""Host patterns: what they say, what they match, and which goes first."""

from __future__ import annotations

import pytest

from vizgate.router.hosts import ANY_HOST, HostIndex, host_of, parse_host_pattern


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("API.Example.com", "api.example.com"),
        ("example.com.", "example.com"),
        ("*.Example.org", "*.example.org"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[2001:DB8::0:1]", "[2001:db8::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_parse_valid_pattern_is_written_in_one_way(text: str, written: str) -> None:
    """Lower case, without the dot at the end, IPv6 in its shortest form."""
    assert parse_host_pattern(text).text == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*", "Leave hosts out"),
        ("", "not a host name"),
        ("a..b", "not a host name"),
        ("-a", "not a host name"),
        ("a b", "not a host name"),
        ("a" * 64, "not a host name"),
        ("example.com:80", "has a port"),
        ("http://example.com", "is a URL"),
        ("example.com/x", "is a URL"),
        ("a.*.example.com", "whole labels at the beginning"),
        ("api-*.example.com", "whole labels at the beginning"),
        ("b\u00fccher.example", "xn--"),
        ("[::1", "not an IPv6"),
        ("[::1]:80", "not an IPv6"),
        ("*.[::1]", "has a port"),
    ],
)
def test_parse_malformed_pattern_says_what_to_write(text: str, words: str) -> None:
    """The message names the remedy."""
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        parse_host_pattern(text)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("Example.COM:8080", "example.com"),
        ("example.com.", "example.com"),
        ("[::1]:80", "[::1]"),
        ("", ""),
        ("a b", ""),
        ("u@a", ""),
        ("\udcff", ""),
    ],
)
def test_host_of_authority(authority: str, host: str) -> None:
    """Port, case and a dot at the end do not count; what is malformed is no host."""
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("authority", "found"),
    [
        ("api.example.org", ["exact", "one", "two", "any"]),
        ("b.example.org", ["one", "two", "any"]),
        ("a.b.example.org", ["one", "two", "any"]),
        ("example.org", ["two", "any"]),
        ("EXAMPLE.org.:81", ["two", "any"]),
        ("org", ["any"]),
        ("badexample.com", ["any"]),
        ("", ["any"]),
        ("a" * 10_000, ["any"]),
    ],
)
def test_index_most_specific_pattern_comes_first(authority: str, found: list[str]) -> None:
    """Exact, longest wildcard, any; a wildcard takes whole labels below its name, not the name itself."""
    patterns = {"api.example.org": "exact", "*.example.org": "one", "*.org": "two"}
    entries = {parse_host_pattern(text): name for text, name in patterns.items()}
    index = HostIndex({**entries, ANY_HOST: "any"})
    for _ in range(2):
        assert list(index.entries_for(authority)) == found
    matching = sorted(p for p in (*entries, ANY_HOST) if p.matches(host_of(authority)))
    assert [{**entries, ANY_HOST: "any"}[pattern] for pattern in matching] == found


def test_index_memory_is_bounded() -> None:
    """Clients choose authorities, so what is remembered of them has a limit."""
    index = HostIndex({ANY_HOST: 1})
    for number in range(5000):
        assert index.entries_for(f"h{number}.example") == (1,)
    index.entries_for("a" * 100_000)
    assert len(index._memo) <= 1024
    assert all(len(authority) < 300 for authority in index._memo)
