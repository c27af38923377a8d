"""Names of header fields in settings."""

from __future__ import annotations

import pytest

from vizgate.extension.values.field_names import arriving_field_name, shown_field_name


@pytest.mark.parametrize("name", ["X-API-Key", "Authorization", "Cookie", "x.y", "Host", "X-Forward", "Via-Y"])
def test_shown_field_name_takes_what_routes_can_see(name: str) -> None:
    """A name that comes through is given back as it was written."""
    assert name == shown_field_name(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("X_API_Key", "X_API_Key is dropped from every request, as is every name with '_'. Write X-API-Key"),
        ("X-Forwarded-For", "put aside. What it means is in server.trusted_proxies"),
        ("x-forwarded-user", "put aside"),
        ("X-Real-IP", "put aside"),
        ("Connection", "no route sees it"),
        ("Proxy-Authorization", "no route sees it"),
        ("a b", "not a field name"),
    ],
)
def test_shown_field_name_refuses_what_no_route_ever_sees(name: str, message: str) -> None:
    """A setting that could never act is an error, with the reason."""
    with pytest.raises(ValueError, match=message):
        shown_field_name(name)


def test_arriving_field_name_takes_what_the_gateway_says_itself() -> None:
    """What a request is said to have come by is there to be read, in the gateway's own words."""
    assert "X-Forwarded-Proto" == arriving_field_name("X-Forwarded-Proto")
    with pytest.raises(ValueError, match="dropped from every request"):
        arriving_field_name("X_Forwarded_Proto")
