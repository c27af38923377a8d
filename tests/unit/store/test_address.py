"""Where a Redis is, from its URL."""

from __future__ import annotations

import pytest

from vizgate.store.address import Address, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://cache", Address("cache")),
        ("redis://cache/", Address("cache")),
        ("redis://10.0.0.1:7000/3", Address("10.0.0.1", 7000, database=3)),
        ("redis://[::1]:7000/0", Address("::1", 7000)),
        ("rediss://cache:6380", Address("cache", 6380, has_tls=True)),
        ("unix:/run/redis.sock", Address(path="/run/redis.sock")),
        ("unix:///run/a%20b.sock?db=2", Address(path="/run/a b.sock", database=2)),
    ],
)
def test_address_of_url(url: str, address: Address) -> None:
    """Host, port, database, TLS, or the path of a socket."""
    assert address == parse_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "cache", "cache:6379", "http://cache", "redis://", "redis:///0", "redis://cache/x", "redis://cache/1/2",
        "redis://cache/-1", "redis://cache?db=1", "redis://cache#1", "redis://cache:port", "redis://cache:99999",
        "unix:", "unix:redis.sock", "unix://host/redis.sock", "unix:/a?timeout=1", "unix:/a?db=x", "unix:/a%00b",
    ],
)  # fmt: skip
def test_address_url_that_says_no_place_is_refused(url: str) -> None:
    """The error shows how a URL is written."""
    with pytest.raises(ValueError, match="Write redis://host:6379/0"):
        parse_address(url)


@pytest.mark.parametrize("url", ["redis://:s3cret@cache", "redis://user:s3cret@cache:6379/0", "rediss://user@cache"])
def test_address_password_in_url_is_refused_and_not_repeated(url: str) -> None:
    """A URL ends up in logs, so it must not hold a secret; the error does not, either."""
    with pytest.raises(ValueError, match="under username and password") as caught:
        parse_address(url)
    assert "s3cret" not in str(caught.value)


def test_address_is_shown_without_more_than_needed() -> None:
    """Logs name the place."""
    places = ("redis://[::1]:7000/0", "redis://cache/3", "unix:/run/redis.sock")
    assert ["[::1]:7000", "cache:6379", "unix:/run/redis.sock"] == [str(parse_address(url)) for url in places]
