"""What a change makes invalid (RFC 9111 4.4)."""

from __future__ import annotations

import pytest

from tests.unit.cache.origin import CacheSite, reply

FRESH = "max-age=60"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FOO"])
async def test_change_invalidates_its_target(method):
    """RFC 9111 4.4: MUST invalidate the target URI on a non-error answer to an unsafe method, unknown ones included."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get()
    await site.send(method, route=site.route("writes"))
    await site.get()
    assert 3 == site.calls


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("QUERY", 200), ("PUT", 404), ("PUT", 500)])
async def test_safe_or_failed_request_invalidates_nothing(method, status):
    """RFC 9111 4.4: only what may have changed something."""
    site = CacheSite(reply(cache_control=FRESH), reply(status), reply())
    await site.get()
    await site.send(method)
    await site.get()
    assert 2 == site.calls


@pytest.mark.parametrize(
    ("location", "is_invalid"),
    [
        ("/b", True),
        ("http://example.com/b", True),
        ("//example.com/b", True),
        ("http://other.example/b", False),
        ("https://example.com/b", False),
        ("http://[", False),
    ],
)
async def test_change_invalidates_where_it_points_within_its_origin(location, is_invalid):
    """RFC 9111 4.4: Location and Content-Location; MUST NOT where the origin differs."""
    for field in ("location", "content_location"):
        site = CacheSite(reply(cache_control=FRESH), reply(201, **{field: location}), reply(cache_control=FRESH))
        await site.get("/b")
        await site.send("POST", "/a")
        await site.get("/b")
        assert (3 if is_invalid else 2) == site.calls
