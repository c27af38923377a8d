"""What is let through, over real sockets: addresses, content, pages, versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.doors import DoorFactory
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream


def parts(upstream: ScriptedUpstream, *middleware: dict[str, Any], **more: Any) -> dict[str, Any]:
    route = {"name": "all", "match": {"path": "/*"}, "service": "up", "middleware": list(middleware)}
    return {"services": {"up": {"targets": [upstream.url]}}, "routes": [route], **more}


async def ask(door: Any, data: bytes) -> RawResponse:
    async with door.client() as client:
        await client.send(data)
        return await client.read_response()


@pytest.mark.parametrize(
    ("settings", "trusted", "status"),
    [
        ({"allow": ["127.0.0.0/8"]}, [], 200),
        ({"deny": ["127.0.0.0/8"]}, [], 403),
        ({"allow": ["127.0.0.0/8"], "deny": ["127.0.0.1"]}, [], 403),
        ({"allow": ["10.0.0.0/8"]}, [], 403),
        ({"allow": ["10.0.0.0/8"]}, ["127.0.0.1"], 200),
    ],
)
async def test_ip_filter(settings: dict[str, Any], trusted: list[str], status: int, door: DoorFactory) -> None:
    """By the address of the peer, or what a trusted one says; nothing of a refused request goes to the upstream."""
    async with ScriptedUpstream() as upstream:
        config = parts(upstream, {"use": "ip_filter", **settings}, server={"trusted_proxies": trusted})
        async with door(config) as opened:
            response = await ask(opened, b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n")
            assert status == response.status
            assert (status == 200) == bool(upstream.received)


@pytest.mark.parametrize(
    ("content_type", "status"), [(b"application/json", 200), (b"text/xml", 415), (b"application/json, text/xml", 415)]
)
async def test_content_types(content_type: bytes, status: int, door: DoorFactory) -> None:
    """A refused body is not sent to anybody, and the connection stays in step or closes."""
    async with ScriptedUpstream() as upstream:
        config = parts(upstream, {"use": "content_types", "allow": ["application/json"]}, {"use": "security_headers"})
        async with door(config) as opened:
            response = await ask(
                opened,
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " + content_type + b"\r\nContent-Length: 2\r\n\r\n{}",
            )
            assert (status, [b"nosniff"]) == (response.status, response.get_all(b"x-content-type-options"))
            assert (status == 200) == bool(upstream.received)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"Origin: http://a.example:8080\r\n", 200),
        (b"Origin: http://a.example\r\n", 403),
        (b"Origin: https://evil.example\r\n", 403),
        (b"Origin: http://a.example:8080\r\nOrigin: https://evil.example\r\n", 403),
        (b"Sec-Fetch-Site: cross-site\r\nOrigin: http://a.example:8080\r\n", 403),
        (b"", 403),
    ],
)
async def test_csrf(fields: bytes, status: int, door: DoorFactory) -> None:
    """A POST with a login cookie must come from a page of the host that it asks for."""
    async with ScriptedUpstream() as upstream, door(parts(upstream, {"use": "csrf", "cookies": ["sid"]})) as opened:
        response = await ask(
            opened,
            b"POST / HTTP/1.1\r\nHost: a.example:8080\r\nCookie: sid=1\r\nContent-Length: 0\r\n" + fields + b"\r\n",
        )
        assert status == response.status
        assert (status == 200) == bool(upstream.received)


@pytest.mark.parametrize(("path", "status"), [(b"/v1/a", 410), (b"/v2/a", 200), (b"/v3/a", 200)])
async def test_versions(path: bytes, status: int, door: DoorFactory) -> None:
    """What is gone is gone, what is deprecated says so, and what nobody knows is the service's business."""
    versions = {
        "1": {"deprecated": "2000-01-01", "sunset": "2001-01-01", "successor": "/v2/"},
        "2": {"deprecated": "2001-01-01", "sunset": "2999-01-01", "successor": "/v3/"},
    }
    async with ScriptedUpstream() as upstream:
        config = parts(upstream, versions=versions)
        config["routes"][0]["match"]["path"] = "/v{version:int}/*"
        async with door(config) as opened:
            response = await ask(opened, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            assert status == response.status
            known = path != b"/v3/a"
            assert known == bool(response.get_all(b"deprecation")) == bool(response.get_all(b"sunset"))
            if known:
                successor = b"/v2/" if status == 410 else b"/v3/"
                assert [b"<" + successor + b'>; rel="successor-version"'] == response.get_all(b"link")
            assert (status == 200) == bool(upstream.received)
