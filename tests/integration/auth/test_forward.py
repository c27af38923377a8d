"""An outside authoriser over real sockets: its yes, its no, its silence, and fields that nobody else may set."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.auth.provider import Answering, reply
from tests.integration.doors import Door, DoorFactory
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.steps import Step, close, forever, read_request, send, stall

YES = reply(200, b"", "X-Auth-User: ann", "X-Groups: staff", "X-Secret-Of-Its-Own: 1", "Connection: keep-alive")


def parts(origin: ScriptedUpstream, authoriser: ScriptedUpstream, **more: Any) -> dict[str, Any]:
    company = {
        "kind": "forward_auth",
        "url": f"{authoriser.url}/check?app=a",
        "copy_headers": ["X-Groups"],
        "timeout": "500ms",
        **more,
    }
    return {
        "auth": {"company": company},
        "services": {"origin": {"targets": [origin.url]}},
        "routes": [
            {"match": {"path": "/*"}, "service": "origin", "auth": "company", "rewrite": {"path": "/inside"}},
            {"match": {"path": "/public"}, "service": "origin"},
        ],
    }


async def ask(door: Door, target: bytes = b"/a%20b?c=d", *fields: bytes) -> RawResponse:
    async with door.client(timeout_s=20) as client:
        lines = [b"POST %b HTTP/1.1" % target, b"Host: a.example", b"Content-Length: 4", *fields]
        await client.send(b"\r\n".join([*lines, b"", b"body"]))
        return await client.read_response()


async def test_authoriser_is_asked_and_its_fields_are_copied(door: DoorFactory) -> None:
    """It sees the request as it came; the service gets the fields that are configured, and the body untouched."""
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(Answering(YES).script()) as authoriser,
        door(parts(origin, authoriser)) as here,
    ):
        assert 200 == (await ask(here, b"/a%20b?c=d", b"Authorization: x", b"X-Forwarded-For: 9.9.9.9")).status
        question = authoriser.requests[0]
        assert (b"GET", b"/check?app=a", b"") == (question.method, question.target, question.body)
        shown = {name: question.get_all(f"x-forwarded-{name}".encode()) for name in ("method", "uri", "host", "for")}
        assert {"method": [b"POST"], "uri": [b"/a%20b?c=d"], "host": [b"a.example"], "for": [b"127.0.0.1"]} == shown
        assert [b"x"] == question.get_all(b"authorization")
        request = origin.requests[0]
        assert (b"/inside?c=d", b"body") == (request.target, request.body)
        assert [[b"staff"], []] == [request.get_all(name) for name in (b"x-groups", b"x-secret-of-its-own")]


TRICKS = {
    "plain": [b"X-Groups: admin"],
    "any case, twice": [b"x-groups: admin", b"X-GROUPS: root"],
    "underscore": [b"X_Groups: admin"],
    "named in Connection": [b"X-Groups: admin", b"Connection: X-Groups"],
    "all named in Connection": [b"X-Groups: admin", b"Connection: Authorization, X-Groups, X-Auth-User"],
}


@pytest.mark.parametrize("fields", TRICKS.values(), ids=TRICKS)
@pytest.mark.parametrize("path", [b"/", b"/public"])
async def test_clients_own_field_never_passes(door: DoorFactory, path: bytes, fields: list[bytes]) -> None:
    """A field that a service may take for the authoriser's word is the authoriser's, on every route."""
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(Answering(YES).script()) as authoriser,
        door(parts(origin, authoriser, request_headers=[])) as here,
    ):
        assert 200 == (await ask(here, path, b"Authorization: x", *fields)).status
        expected = [b"staff"] if path == b"/" else []
        assert expected == origin.requests[0].get_all(b"x-groups")
        assert [] == origin.requests[0].get_all(b"x_groups")


async def test_field_in_a_trailer_does_not_pass(door: DoorFactory) -> None:
    """Nor does one that comes behind the body."""
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(Answering(YES).script()) as authoriser,
        door(parts(origin, authoriser)) as here,
        here.client() as client,
    ):
        await client.send(
            b"POST /public HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1\r\na\r\n0\r\nX-Groups: admin\r\n\r\n"
        )
        assert 200 == (await client.read_response()).status
        assert b"x-groups" not in bytes(origin.received[0]).lower()


@pytest.mark.parametrize("status", [401, 403])
async def test_no_is_passed_on(door: DoorFactory, status: int) -> None:
    """The status and the challenge; not the authoriser's body, cookies or Location."""
    fields = ("WWW-Authenticate: Basic realm=company", "Set-Cookie: a=b", "Location: http://login.example/")
    answering = Answering(reply(status, b"<html>of the authoriser</html>", *fields))
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(answering.script()) as authoriser,
        door(parts(origin, authoriser)) as here,
    ):
        response = await ask(here, b"/", b"Cookie: a=b")
        assert (status, b"Basic realm=company") == (response.status, response.get(b"www-authenticate"))
        assert ([], []) == (response.get_all(b"set-cookie"), response.get_all(b"location"))
        assert b"application/problem+json" == response.get(b"content-type")
        assert b"of the authoriser" not in response.body
        assert [] == origin.received


async def test_request_without_credential_is_401_unasked(door: DoorFactory) -> None:
    """Without a field that it wants to see the authoriser is not asked."""
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(Answering(YES).script()) as authoriser,
        door(parts(origin, authoriser)) as here,
    ):
        assert 401 == (await ask(here)).status
        assert ([], []) == (authoriser.received, origin.received)


HEAD = b"HTTP/1.1 200 OK\r\nX-Auth-User: ann\r\n"
BAD: dict[str, list[Step]] = {
    "hangs": [stall()],
    "hangs in the body": [read_request(), send(HEAD + b"Content-Length: 99\r\n\r\nabc"), stall()],
    "redirects": Answering(reply(302, b"", "Location: http://login.example/", "X-Auth-User: ann")).script(),
    "errs": Answering(reply(500, b"", "X-Auth-User: ann")).script(),
    "names nobody": Answering(reply(200)).script(),
    "without end": [read_request(), send(HEAD + b"\r\n"), forever(send(b" " * 65536))],
    "garbage": [read_request(), send(b"nonsense\r\n\r\n"), close()],
    "closes": [read_request(), close()],
}


@pytest.mark.parametrize("script", BAD.values(), ids=BAD)
async def test_authoriser_that_says_neither_lets_nobody_in(
    asgi_door: DoorFactory, script: list[Step], caplog: pytest.LogCaptureFixture
) -> None:
    """503 in time, and the reason in the log without the credential."""
    since = time.monotonic()
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(script) as authoriser,
        asgi_door(parts(origin, authoriser)) as here,
    ):
        response = await ask(here, b"/", b"Authorization: Bearer token-of-a-user")
        assert 503 == response.status
        assert b"127.0.0.1" not in response.body
        assert [] == origin.received
    assert time.monotonic() - since < 3
    assert "auth company: " in caplog.text
    assert "token-of-a-user" not in caplog.text


async def test_gone_authoriser_is_503(door: DoorFactory) -> None:
    """Nobody listens: 503, and public routes go on."""
    async with ScriptedUpstream() as origin:
        async with ScriptedUpstream(Answering(YES).script()) as authoriser:
            settings = parts(origin, authoriser)
        async with door(settings) as here:
            assert [503, 200] == [(await ask(here, path, b"Cookie: a")).status for path in (b"/", b"/public")]
