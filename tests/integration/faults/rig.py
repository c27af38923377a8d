"""A gateway before targets that misbehave.

In: the ways to misbehave as scripts, a configuration before such targets, asking. Not in: the cases.
"""

from __future__ import annotations

from typing import Any

from tests.integration.doors import Door
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import Script, close, forever, half_close, read_head, read_request, reset, send, stall

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"

#: What a target may do instead of answering, before any of its answer could be relayed.
FAULTS: dict[str, Script] = {
    "black hole": [read_request(), stall()],
    "reset before the head": [read_head(), reset()],
    "closed before the head": [read_head(), close()],
    "reset inside the head": [read_request(), send(HEAD), reset()],
    "closed inside the head": [read_request(), send(HEAD), close()],
    "garbage": [read_request(), send(b"\x16\x03\x01 this is no HTTP\r\n\r\n"), stall()],
    "endless head": [read_request(), send(b"HTTP/1.1 200 OK\r\n"), forever(send(b"X-More: " + b"x" * 1000 + b"\r\n"))],
    "a part of a head": [read_request(), send(b"HTTP/1.1 2"), stall()],
    "half-closed at once": [half_close(), stall()],
    "unavailable": [read_request(), send(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"), stall()],
}

RETRY = {
    "attempts": 3,
    "on": ["connect_failure", "reset", "timeout", "invalid", 502, 503, 504],
    "per_try_timeout": "150ms",
    "backoff": "1ms",
}


def before(*upstreams: ScriptedUpstream | str, route: dict[str, Any] | None = None, **service: Any) -> dict[str, Any]:
    """A configuration whose one service has these targets, and *service* beside them."""
    urls = [upstream if isinstance(upstream, str) else upstream.url for upstream in upstreams]
    return {
        "services": {"api": {"targets": urls, **service}, "echo": {"builtin": "echo"}},
        "routes": [{"name": "api", "match": {"path": "/*"}, "service": "api", **(route or {})}],
    }


def request(method: str = "GET", body: bytes = b"", *fields: bytes) -> bytes:
    lines = [method.encode() + b" /x HTTP/1.1", b"Host: a.example", *fields]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def ask(door: Door, method: str = "GET", body: bytes = b"", *fields: bytes) -> RawResponse:
    """The answer to a request on a connection of its own."""
    async with door.client() as client:
        await client.send(request(method, body, *fields))
        return await client.read_response(method)
