"""Token introspection over real sockets: an authorization server that answers, errs, floods and hangs."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tests.integration.auth.provider import Answering, reply
from tests.integration.doors import Door, DoorFactory
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.recording import RecordedRequest
from vizgate.testing.steps import Step, close, forever, read_request, send, stall


def parts(origin: ScriptedUpstream, server: ScriptedUpstream, **more: Any) -> dict[str, Any]:
    partners = {
        "kind": "oauth2_introspection",
        "endpoint": f"{server.url}/introspect",
        "client_id": "vizgate",
        "client_secret": "s3cret-of-the-gateway",
        "timeout": "500ms",
        "strip": True,
        **more,
    }
    return {
        "auth": {"partners": partners},
        "identity_headers": {"user": "X-Auth-User", "scopes": "X-Auth-Scopes"},
        "services": {"origin": {"targets": [origin.url]}},
        "routes": [{"match": {"path": "/*"}, "service": "origin", "auth": "partners"}],
    }


async def ask(door: Door, token: bytes) -> RawResponse:
    async with door.client(timeout_s=20) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
        return await client.read_response()


def by_token(request: RecordedRequest) -> bytes:
    is_good = b"token=good" in request.body
    members = {"active": True, "sub": "ann", "scope": "read", "exp": time.time() + 60} if is_good else {"active": False}
    return reply(200, json.dumps(members).encode(), "Content-Type: application/json")


async def test_active_token_is_let_in_and_asked_about_once(door: DoorFactory) -> None:
    """The service gets the identity and not the token; the server gets the token and the gateway's own credentials."""
    server = Answering(by_token)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(server.script()) as idp,
        door(parts(origin, idp)) as here,
    ):
        assert [200] * 3 == [(await ask(here, b"good")).status for _ in range(3)]
        refused = [await ask(here, b"bad") for _ in range(3)]
        assert [401] * 3 == [response.status for response in refused]
        assert b"the token is not active" in (refused[0].get(b"www-authenticate") or b"")
        assert [b"token=good&token_type_hint=access_token", b"token=bad&token_type_hint=access_token"] == [
            request.body for request in idp.requests
        ]
        assert b"POST /introspect" == b" ".join([idp.requests[0].method, idp.requests[0].target])
        for request in origin.requests:
            fields = [request.get_all(name) for name in (b"x-auth-user", b"x-auth-scopes", b"authorization")]
            assert [[b"ann"], [b"read"], []] == fields


async def test_many_requests_with_one_new_token_ask_once(asgi_door: DoorFactory) -> None:
    """Twenty clients at once, one question."""
    server = Answering(by_token)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(server.script()) as idp,
        asgi_door(parts(origin, idp)) as here,
    ):
        responses = await asyncio.gather(*(ask(here, b"good") for _ in range(20)))
        assert {200} == {response.status for response in responses}
        assert 1 == len(idp.requests)


HEAD = b"HTTP/1.1 200 OK\r\n"
BAD: dict[str, list[Step]] = {
    "hangs": [stall()],
    "hangs in the body": [read_request(), send(HEAD + b'Content-Length: 99\r\n\r\n{"active": true'), stall()],
    "html": Answering(reply(200, b"<html>")).script(),
    "says 401": Answering(reply(401, b'{"error": "invalid_client"}')).script(),
    "redirects": Answering(reply(302, b'{"active": true, "sub": "ann"}', "Location: /")).script(),
    "without end": [read_request(), send(HEAD + b"\r\n"), forever(send(b" " * 65536))],
    "garbage": [read_request(), send(b"nonsense\r\n\r\n"), close()],
    "cut": [read_request(), send(HEAD + b'Content-Length: 99\r\n\r\n{"active": true, "sub": "ann"}'), close()],
    "closes": [read_request(), close()],
}


@pytest.mark.parametrize("script", BAD.values(), ids=BAD)
async def test_server_that_cannot_tell_lets_nobody_in(
    asgi_door: DoorFactory, script: list[Step], caplog: pytest.LogCaptureFixture
) -> None:
    """503 in time, with advice when to come again, and the reason in the log without secret or token."""
    since = time.monotonic()
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(script) as idp,
        asgi_door(parts(origin, idp)) as here,
    ):
        response = await ask(here, b"token-of-a-user")
        assert (503, True) == (response.status, int(response.get(b"retry-after") or b"0") > 0)
        assert b"127.0.0.1" not in response.body
        assert [] == origin.received
    assert time.monotonic() - since < 3
    assert "auth partners: 127.0.0.1" in caplog.text or "auth partners: it" in caplog.text
    assert "s3cret" not in caplog.text
    assert "token-of-a-user" not in caplog.text
