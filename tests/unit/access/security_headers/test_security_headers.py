"""``use: security_headers``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.access.security_headers.config import SecurityHeadersConfig
from vizgate.access.security_headers.fields import SecurityFields
from vizgate.message.headers import Field
from vizgate.testing import MemoryClient

DEFAULTS = {
    b"X-Content-Type-Options": b"nosniff",
    b"X-Frame-Options": b"DENY",
    b"Referrer-Policy": b"strict-origin-when-cross-origin",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
}
HSTS = b"Strict-Transport-Security"


def fields(settings: dict[str, Any], *, is_secure: bool = False, there: list[Field] | None = None) -> list[Field]:
    raw = [] if there is None else there
    SecurityFields(SecurityHeadersConfig.model_validate(settings)).add_to(raw, is_secure=is_secure)
    return raw


def test_defaults_are_safe_for_any_service() -> None:
    """What breaks no page on its own; policies that only its author can write are left to him."""
    assert DEFAULTS == dict(fields({}))
    assert {**DEFAULTS, HSTS: b"max-age=31536000"} == dict(fields({}, is_secure=True))


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"max_age": "1d"}, b"max-age=86400"),
        ({"include_subdomains": True}, b"max-age=31536000; includeSubDomains"),
        ({"include_subdomains": True, "preload": True}, b"max-age=31536000; includeSubDomains; preload"),
        ({"max_age": 0}, b"max-age=0"),
    ],
)
def test_hsts_is_for_https_alone(settings: dict[str, Any], value: bytes) -> None:
    """RFC 6797 7.2: it is not said over plain http."""
    assert value == dict(fields({"hsts": settings}, is_secure=True))[HSTS]
    assert HSTS not in dict(fields({"hsts": settings}))


def test_every_field_can_be_set_and_left_out() -> None:
    """``off`` leaves one out."""
    off = ("hsts", "content_type_options", "frame_options", "referrer_policy", "opener_policy", "resource_policy")
    assert [] == fields(dict.fromkeys(off, "off"), is_secure=True)
    policies = {"permissions_policy": "camera=()", "content_security_policy": "default-src 'self'"}
    assert [(b"Permissions-Policy", b"camera=()"), (b"Content-Security-Policy", b"default-src 'self'")] == fields(
        {**dict.fromkeys(off, "off"), **policies}
    )


@pytest.mark.parametrize(("override", "expected"), [(False, [b"SAMEORIGIN"]), (True, [b"DENY"])])
def test_service_knows_better_unless_override_says_no(override: bool, expected: list[bytes]) -> None:
    """What the service says of itself is kept, or replaced, whatever the case of the name."""
    raw = fields({"override": override}, there=[(b"x-frame-options", b"SAMEORIGIN"), (b"X-A", b"1")])
    assert expected == [value for name, value in raw if name.lower() == b"x-frame-options"]
    assert (b"X-A", b"1") in raw
    assert len(DEFAULTS) + 1 == len(raw)


@given(st.lists(st.tuples(st.sampled_from([b"x-frame-options", b"X-A", b"Referrer-Policy"]), st.binary(max_size=3))))
def test_adding_twice_is_adding_once(raw: list[Field]) -> None:
    """Whatever is there, other fields stay and each of ours is there in the end."""
    for override in (False, True):
        rule = SecurityFields(SecurityHeadersConfig(override=override))
        once = raw.copy()
        rule.add_to(once, is_secure=False)
        twice = once.copy()
        rule.add_to(twice, is_secure=False)
        assert sorted(once) == sorted(twice)
        assert [field for field in raw if field[0] == b"X-A"] == [field for field in once if field[0] == b"X-A"]
        assert {name.lower() for name in DEFAULTS} <= {name.lower() for name, _ in once}


@pytest.mark.parametrize(
    "settings", [{"hsts": {"preload": True}}, {"content_security_policy": "a\r\nb"}, {"hsts": "yes"}, {"x": 1}]
)
def test_config_what_cannot_stand_is_refused(settings: dict[str, Any]) -> None:
    """A preload that browsers would not take, a value that would split an answer, an unknown key."""
    with pytest.raises(ValidationError):
        SecurityHeadersConfig.model_validate(settings)


async def test_gateway_says_it_on_its_own_answers_too() -> None:
    """It stands outside of what refuses, wherever it is listed."""
    text = """
version: 1
server: {trusted_proxies: [127.0.0.1]}
services: {away: {targets: [http://127.0.0.1:1]}}
routes:
  - name: all
    match: {path: /*}
    service: away
    middleware: [{use: content_types, allow: [application/json]}, {use: security_headers}]
"""
    async with MemoryClient(text) as gateway:
        refused = await gateway.post("/", headers={"X-Forwarded-Proto": "https"}, body=b"x")
        failed = await gateway.get("/")
    assert (415, "max-age=31536000") == (refused.status, refused.headers["Strict-Transport-Security"])
    assert (502, "nosniff") == (failed.status, failed.headers["X-Content-Type-Options"])
    assert "Strict-Transport-Security" not in failed.headers
