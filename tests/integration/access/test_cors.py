"""CORS over real sockets, with an upstream that has its own ideas about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.doors import DoorFactory
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer

APP = "https://app.example.com"
REPLY = (
    b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n"
    b"Vary: Accept-Encoding\r\nContent-Length: 2\r\n\r\nok"
)


def parts(upstream: ScriptedUpstream) -> dict[str, Any]:
    cors = {"origins": [APP], "methods": ["GET", "PUT"], "credentials": True, "max_age": "10m"}
    return {
        "services": {"users": {"targets": [upstream.url]}, "away": {"targets": ["http://127.0.0.1:1"]}},
        "routes": [
            {
                "name": "user",
                "match": {"path": "/users/{id}", "methods": ["GET", "PUT"]},
                "service": "users",
                "cors": cors,
            },
            {"name": "away", "match": {"path": "/away"}, "service": "away", "cors": cors},
        ],
    }


async def ask(door: Any, line: bytes, *fields: str, body: bytes = b"") -> RawResponse:
    async with door.client() as client:
        head = "".join(f"{field}\r\n" for field in ("Host: api.example.com", *fields)).encode()
        await client.send(line + b" HTTP/1.1\r\n" + head + b"\r\n" + body)
        return await client.read_response()


async def test_preflight_then_request(door: DoorFactory) -> None:
    """What a browser does before and with a PUT: the upstream sees the PUT alone, the page may read its answer."""
    async with ScriptedUpstream([answer(REPLY)]) as upstream, door(parts(upstream)) as opened:
        preflight = await ask(
            opened,
            b"OPTIONS /users/7",
            f"Origin: {APP}",
            "Access-Control-Request-Method: PUT",
            "Access-Control-Request-Headers: content-type",
        )
        assert (204, b"") == (preflight.status, preflight.body)
        assert [APP.encode()] == preflight.get_all(b"access-control-allow-origin")
        assert [b"true"] == preflight.get_all(b"access-control-allow-credentials")
        assert [b"GET, PUT, HEAD"] == preflight.get_all(b"access-control-allow-methods")
        assert [b"600"] == preflight.get_all(b"access-control-max-age")
        assert b"Content-Type" in preflight.get_all(b"access-control-allow-headers")[0]
        assert [] == upstream.received
        put = await ask(opened, b"PUT /users/7", f"Origin: {APP}", "Content-Length: 2", body=b"{}")
        assert (200, b"ok") == (put.status, put.body)
        assert [APP.encode()] == put.get_all(b"access-control-allow-origin")
        assert [b"true"] == put.get_all(b"access-control-allow-credentials")
        assert [b"Accept-Encoding, Origin"] == put.get_all(b"vary")
        assert [b"PUT"] == [request.method for request in upstream.requests]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.com.evil"])
async def test_other_origin_is_told_nothing(origin: str, door: DoorFactory) -> None:
    """Its preflight is refused here; its simple request goes on, and the answer is for no page."""
    async with ScriptedUpstream([answer(REPLY)]) as upstream, door(parts(upstream)) as opened:
        asked = await ask(opened, b"OPTIONS /users/7", f"Origin: {origin}", "Access-Control-Request-Method: PUT")
        got = await ask(opened, b"GET /users/7", f"Origin: {origin}")
        assert (403, 200) == (asked.status, got.status)
        for response in (asked, got):
            assert [] == [name for name, _ in response.fields if name.lower().startswith(b"access-control-")]
            assert b"Origin" in response.get_all(b"vary")[0]
        assert 1 == len(upstream.requests)


async def test_errors_can_be_read_by_the_page(door: DoorFactory) -> None:
    """A 502 of the gateway itself carries the fields like any answer."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened:
        failed = await ask(opened, b"GET /away", f"Origin: {APP}")
        assert (502, [APP.encode()]) == (failed.status, failed.get_all(b"access-control-allow-origin"))


async def test_options_without_preflight_is_what_it_was(door: DoorFactory) -> None:
    """204 with ``Allow``, as for every route that names its methods."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened:
        response = await ask(opened, b"OPTIONS /users/7")
        assert (204, [b"GET, HEAD, OPTIONS, PUT"]) == (response.status, response.get_all(b"allow"))


@pytest.mark.system
async def test_curl_sees_what_a_browser_would(door: DoorFactory) -> None:
    """A client of another make reads the same preflight."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened:
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-i", "--noproxy", "*", "-m", "10", "-X", "OPTIONS", "-H", f"Origin: {APP}",
            "-H", "Access-Control-Request-Method: PUT", opened.url("/users/7"),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        head = output.decode().lower()
        assert 0 == process.returncode
        assert " 204" in head.split("\r\n")[0]
        assert f"access-control-allow-origin: {APP}" in head
        assert "content-length" not in head
