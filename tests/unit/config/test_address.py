"""Addresses: where the gateway listens, and where targets are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.config.model.address import (
    Address,
    TargetUrl,
    parse_address,
    parse_authority,
    parse_target_url,
)
from vizgate.extension.values.network import parse_network


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080)),
        ("[::1]:8080", Address("::1", 8080)),
        ("[0:0:0::1]:80", Address("::1", 80)),
        ("Localhost:0", Address("localhost", 0)),
        ("my-host.internal:65535", Address("my-host.internal", 65535)),
    ],
)
def test_address_host_and_port_is_read(text: str, address: Address) -> None:
    """An address is a name, an IPv4 address or a bracketed IPv6 address, and a port."""
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "1.2.3:80", "256.0.0.1:80",
     "::1:80", "[::1]", "[::g]:80", "[127.0.0.1]:80", "a b:80", "-a:80", "a..b:80", "http://a:80", "a:-1", "a:٣"],
)  # fmt: skip
def test_address_other_text_is_refused(text: str) -> None:
    """Anything else is refused with what to write."""
    with pytest.raises(ValueError, match=r"Write|valid"):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [("127.0.0.1:1", True), ("127.8.9.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("0.0.0.0:1", False),
     ("10.0.0.1:1", False), ("[::]:1", False), ("example.com:1", False)],
)  # fmt: skip
def test_address_knows_loopback(text: str, is_loopback: bool) -> None:
    """Only this machine reaches a loopback address."""
    assert parse_address(text).is_loopback is is_loopback


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("http://127.0.0.1:3001", TargetUrl("http", "127.0.0.1", 3001), "127.0.0.1:3001"),
        ("http://a", TargetUrl("http", "a", 80), "a"),
        ("https://A.example/", TargetUrl("https", "a.example", 443), "a.example"),
        ("https://a:80", TargetUrl("https", "a", 80), "a:80"),
        ("HTTP://[::1]:8080", TargetUrl("http", "::1", 8080), "[::1]:8080"),
        ("http://[fd00::1]", TargetUrl("http", "fd00::1", 80), "[fd00::1]"),
    ],
)
def test_target_url_is_an_origin(text: str, url: TargetUrl, authority: str) -> None:
    """Scheme, host and port, the port by default that of the scheme."""
    assert parse_target_url(text) == url
    assert url.authority == authority
    assert parse_target_url(str(url)) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("127.0.0.1:3001", "has no scheme"),
        ("a", "has no scheme"),
        ("ftp://a", "scheme 'ftp' is not supported"),
        ("unix:///run/a.sock", "scheme 'unix' is not supported"),
        ("http://", "no valid host"),
        ("http://:80", "no valid host"),
        ("http://a:", "no valid port"),
        ("http://a:0", "no valid port"),
        ("http://a:99999", "no valid port"),
        ("http://a:80x", "no valid port"),
        ("http://[::1", "is not a URL"),
        ("http://user:hunter2@a", "user name or password"),
        ("http://user@a", "user name or password"),
        ("http://a/base", "ends after the port"),
        ("http://a/?q", "ends after the port"),
        ("http://a?", "ends after the port"),
        ("http://a#f", "ends after the port"),
        ("http://a b", "white space"),
        ("http://a\n", "white space"),
        ("http://1.2.3", "no valid IPv4"),
        ("http://a_b^c", "no valid host"),
    ],
)
def test_target_url_more_than_an_origin_is_refused(text: str, message: str) -> None:
    """Paths, queries and user information do not belong into a target; a secret in it is not repeated."""
    with pytest.raises(ValueError, match=message) as caught:
        parse_target_url(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["a", "a:80", "[::1]", "[::1]:80", "1.2.3.4"])
def test_authority_host_with_or_without_port_is_read(text: str) -> None:
    """A literal Host may have a port."""
    assert parse_authority(text) == text


@pytest.mark.parametrize("text", ["", "a b", "a:", "a:0", ":80", "::1", "a/b", "u@a", "a\r\nb"])
def test_authority_other_text_is_refused(text: str) -> None:
    """What may not stand in a Host field is refused."""
    with pytest.raises(ValueError, match="valid"):
        parse_authority(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("10.0.0.1/8", r"Did you mean '10\.0\.0\.0/8'"), ("foo", "not a network"), ("10.0.0.0/33", "not a network")],
)
def test_network_other_text_is_refused(text: str, message: str) -> None:
    """Bits behind the prefix are a slip whose meaning can be guessed, so it is asked."""
    with pytest.raises(ValueError, match=message):
        parse_network(text)


@given(st.text(max_size=60) | st.from_regex(r"https?://[\[\]:@/?#a-z0-9.%\-]{0,20}", fullmatch=True))
def test_parsers_any_text_raises_nothing_but_value_error(text: str) -> None:
    """A text is read or refused; what is read can be written and read again."""
    for parse in (parse_address, parse_target_url, parse_network):
        try:
            value = parse(text)
        except ValueError:
            continue
        assert parse(str(value)) == value
