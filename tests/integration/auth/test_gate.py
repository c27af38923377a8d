"""The gate of routes over real sockets, through the gateway's own listener and under an ASGI server."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import DoorFactory, gateway_of, listening
from vizgate.auth.api_key.table import hash_key
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, Authenticator, CredentialRefused
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.testing.raw_client import RawClient, RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream

FIELDS = {"user": "X-Auth-User", "tier": "X-Auth-Tier", "scopes": "X-Auth-Scopes", "credential": "X-Auth-Key"}
MIB = 1024 * 1024


class Words(Authenticator):
    """Takes ``Authorization: Bearer WORD``; does what the word says."""

    challenge = "Bearer"

    def authenticate(self, request: Request) -> Any:
        shown = request.headers.get("Authorization")
        if shown is None:
            return None
        word = shown.removeprefix("Bearer ")
        return self._later(word) if word.startswith("later-") else self._now(word)

    async def _later(self, word: str) -> Identity:
        return self._now(word.removeprefix("later-"))

    def _now(self, word: str) -> Identity:
        match word:
            case "refused":
                raise CredentialRefused("the token is not good")
            case "away":
                raise AuthenticationUnavailable("no answer from idp.internal", 9)
            case "broken":
                raise RuntimeError("idp.internal")
            case _:
                return Identity(word, scopes=frozenset({"read"}), authenticator=self.context.name)


def entry(secret: str, user: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{user}-1", "hash": hash_key(secret.encode()), "user": user, **more}


def parts(upstream: ScriptedUpstream) -> dict[str, Any]:
    keys = [
        entry("good", "acme", tier="premium", scopes=["read"]),
        entry("writer", "bob", scopes=["read", "write"]),
        entry("off", "off", disabled=True),
        entry("past", "past", expires="2020-01-01"),
    ]
    route = {"service": "origin"}
    return {
        "services": {"origin": {"targets": [upstream.url]}},
        "auth": {
            "words": {"kind": f"{__name__}:Words"},
            "keys": {"kind": "api_key", "keys": keys},
            "stripped": {"kind": "api_key", "header": "X-Strip", "strip": True, "keys": keys},
        },
        "identity_headers": FIELDS,
        "defaults": {"auth": ["words", "keys"]},
        "routes": [
            {"name": "both", "match": {"path": "/*"}, **route},
            {"name": "public", "match": {"path": "/public"}, "auth": "none", **route},
            {"name": "write", "match": {"path": "/write"}, "scopes": ["read", "write"], **route},
            {"name": "keys", "match": {"path": "/keys"}, "auth": "keys", **route},
            {"name": "stripped", "match": {"path": "/stripped"}, "auth": "stripped", **route},
        ],
    }


async def ask(client: RawClient, path: str, *lines: str, method: str = "GET", body: bytes = b"") -> RawResponse:
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a.example", *lines, "", ""])
    await client.send(head.encode("latin-1") + body)
    return await client.read_response(method)


def challenges(response: RawResponse) -> list[bytes]:
    return response.get_all(b"www-authenticate")


GOOD = "X-API-Key: good"
KEY_CHALLENGE = b'ApiKey realm="keys", header="X-API-Key"'
INVALID = b'Bearer error="invalid_token", error_description="the token is not good"'


@pytest.mark.parametrize(
    ("path", "lines", "status", "said"),
    [
        ("/", [], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", [GOOD], 200, []),
        ("/", ["Authorization: Bearer ann"], 200, []),
        ("/", ["Authorization: Bearer later-ann"], 200, []),
        ("/", ["X-API-Key: bad"], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", ["X-API-Key:"], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", ["X-API-Key: off"], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", ["X-API-Key: past"], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", [GOOD, GOOD], 401, [b"Bearer", KEY_CHALLENGE]),
        ("/", ["Authorization: Bearer refused"], 401, [INVALID, KEY_CHALLENGE]),
        ("/", ["Authorization: Bearer refused", GOOD], 401, [INVALID, KEY_CHALLENGE]),
        ("/", ["Authorization: Bearer later-refused", GOOD], 401, [INVALID, KEY_CHALLENGE]),
        ("/", ["Authorization: Bearer ann", "X-API-Key: bad"], 200, []),
        ("/", ["Authorization: Bearer away", GOOD], 503, []),
        ("/", ["Authorization: Bearer broken", GOOD], 500, []),
        ("/", ["Authorization: Bearer later-broken", GOOD], 500, []),
        ("/keys", ["Authorization: Bearer ann"], 401, [KEY_CHALLENGE]),
        ("/keys", ["Authorization: Bearer broken", GOOD], 200, []),
        ("/public", [], 200, []),
        ("/public", ["X-API-Key: bad", "Authorization: Bearer broken"], 200, []),
        ("/write", [GOOD], 403, []),
        ("/write", ["Authorization: Bearer ann"], 403, [b'Bearer error="insufficient_scope", scope="read write"']),
        ("/write", ["X-API-Key: writer"], 200, []),
        ("/keys", ["Connection: X-API-Key", GOOD], 401, [KEY_CHALLENGE]),
        ("/keys", ["X_API_Key: good"], 401, [KEY_CHALLENGE]),
    ],
)  # fmt: skip
async def test_gate_lets_in_whom_the_route_wants(
    door: DoorFactory, path: str, lines: list[str], status: int, said: list[bytes]
) -> None:
    """Who is refused is told why, with a challenge; the upstream hears of those alone who are let in."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        response = await ask(client, path, *lines)
        assert (status, said) == (response.status, challenges(response))
        assert (1 if status == 200 else 0) == len(upstream.requests)
        if status != 200:
            assert b"application/problem+json" == response.get(b"content-type")
            assert response.get(b"x-request-id") == json.loads(response.body)["request_id"].encode()
            assert b"idp" not in response.body
        assert ([b"9"] if status == 503 else []) == response.get_all(b"retry-after")


async def test_gate_refuses_a_body_without_forwarding_any_of_it(door: DoorFactory) -> None:
    """A refused upload never reaches the service, and what is left of it is no second request."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        smuggled = b"GET /public HTTP/1.1\r\nHost: a.example\r\n\r\n"
        response = await ask(client, "/", f"Content-Length: {len(smuggled)}", method="POST", body=smuggled)
        assert (401, []) == (response.status, upstream.received)


async def test_gate_holds_for_every_request_of_a_connection(door: DoorFactory) -> None:
    """Being let in once means nothing for the next request."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        statuses = [(await ask(client, "/", *lines)).status for lines in ([GOOD], [], [GOOD], ["X-API-Key: x"])]
        assert [200, 401, 200, 401] == statuses


async def test_service_is_told_who_it_is(door: DoorFactory) -> None:
    """The identity travels in the fields that are configured."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await ask(client, "/", GOOD)
        request = upstream.requests[0]
        told = [request.get_all(name.lower().encode()) for name in FIELDS.values()]
        assert [[b"acme"], [b"premium"], [b"read"], [b"acme-1"]] == told


@pytest.mark.parametrize("path", ["/", "/public"])
@pytest.mark.parametrize(
    "lines",
    [
        ["X-Auth-User: eve", "X-Auth-Tier: gold"],
        ["x-auth-user: eve", "X-AUTH-USER: eve", "X-Auth-User: eve"],
        ["X_Auth_User: eve", "X-Auth_User: eve", "x_auth-user: eve"],
        ["X.Auth.User: eve", "X-Auth.User: eve", "x!auth-user: eve"],
        ["Connection: X-Auth-User", "X-Auth-User: eve"],
        ["Connection: close, X-Auth-User, X-Auth-Tier, X-Auth-Scopes, X-Auth-Key"],
        ["Connection: x-auth-user, keep-alive", "Connection: X-AUTH-KEY", "X-Auth-User: eve", "X-Auth-Key: eve"],
    ],
)
async def test_client_cannot_set_or_remove_the_fields(door: DoorFactory, path: str, lines: list[str]) -> None:
    """CVE-2022-31813: what a service trusts comes from the gateway alone: no client can set it, on a public route
    neither, or have it removed as hop-by-hop.
    """
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        assert 200 == (await ask(client, path, GOOD, *lines)).status
        assert b"eve" not in upstream.received[0]
        told = [b"acme"] if path == "/" else []
        assert told == upstream.requests[0].get_all(b"x-auth-user")


async def test_trusted_proxy_cannot_set_the_fields(door: DoorFactory) -> None:
    """A trusted peer is believed about the way of a request, not about who sends it."""
    async with ScriptedUpstream() as upstream:
        config = {**parts(upstream), "server": {"trusted_proxies": ["127.0.0.0/8"]}}
        async with door(config) as opened, opened.client() as client:
            await ask(client, "/public", "X-Auth-User: eve", "X-Forwarded-For: 9.9.9.9")
            request = upstream.requests[0]
            assert [] == request.get_all(b"x-auth-user")
            assert b"9.9.9.9" in request.get_all(b"x-forwarded-for")[0]


@pytest.mark.parametrize(("lines", "status"), [([], 401), (["X-API-Key: bad"], 401), (["X-API-Key: writer"], 200)])
@pytest.mark.parametrize("end", [{"respond": {"status": 200, "text": "in"}}, {"service": "echo"}], ids=str)
async def test_gate_stands_before_every_end_of_a_route(
    door: DoorFactory, end: dict[str, Any], lines: list[str], status: int
) -> None:
    """Fixed answers and built-in services are as protected as services are."""
    async with ScriptedUpstream() as upstream:
        config = parts(upstream)
        config["services"]["echo"] = {"builtin": "echo"}
        config["routes"].append({"name": "end", "match": {"path": "/end"}, "auth": "keys", **end})
        async with door(config) as opened, opened.client() as client:
            assert status == (await ask(client, "/end", *lines)).status


UPGRADE = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]  # fmt: skip


@pytest.mark.parametrize("lines", [[], ["X-API-Key: bad"], ["Connection: X-API-Key", GOOD]])
async def test_gate_stands_before_an_upgrade(door: DoorFactory, lines: list[str]) -> None:
    """A WebSocket is refused as any request is: nothing is asked of the service, and no tunnel comes about."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        response = await ask(client, "/keys", *UPGRADE, *lines)
        assert (401, []) == (response.status, upstream.received)


async def test_client_cannot_set_the_fields_as_trailers(door: DoorFactory) -> None:
    """Servers that merge trailers into the head would believe them."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        guarded = b"X-Auth-User: eve\r\nx_auth_user: eve\r\nX.Auth.User: eve\r\n"
        body = b"2\r\nok\r\n0\r\n" + guarded + b"X-Kept: 1\r\n\r\n"
        await ask(client, "/public", "Transfer-Encoding: chunked", method="POST", body=body)
        await upstream.wait_for(lambda: bool(upstream.complete_requests))
        assert b"eve" not in upstream.received[0]


async def test_client_cannot_send_credentials_as_trailers(tmp_path: Path) -> None:
    """Behind the gate nobody looks at them, and a server that merges trailers would take them for checked ones.

    (Under uvicorn they are fields of the head before the gateway sees them, and are judged as such.)
    """
    door = partial(listening, tmp_path / "log")
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        body = b"2\r\nok\r\n0\r\nX-API-Key: eve\r\nX-Strip: eve\r\nAuthorization: eve\r\nX-Kept: 1\r\n\r\n"
        await ask(client, "/public", "Transfer-Encoding: chunked", method="POST", body=body)
        await upstream.wait_for(lambda: bool(upstream.complete_requests))
        assert b"eve" not in upstream.received[0]
        assert b"X-Kept: 1" in upstream.received[0]


@pytest.mark.parametrize(("path", "field"), [("/keys", "X-API-Key"), ("/stripped", "X-Strip")])
async def test_key_is_stripped_if_asked(door: DoorFactory, path: str, field: str) -> None:
    """With ``strip`` the service does not get the key; without it does, as any field."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await ask(client, path, f"{field}: good")
        shown = upstream.requests[0].get_all(field.lower().encode())
        assert ([] if path == "/stripped" else [b"good"]) == shown


@pytest.mark.parametrize(
    ("lines", "statuses"),
    [
        (["X-API-Key: " + "k" * MIB], {431}),
        (["X-API-Key: " + "k" * 30_000], {401, 431}),
        ([f"X-API-Key: {number}" for number in range(99)], {401, 431}),
        ([f"X-API-Key: {number}" for number in range(5000)], {431}),
        ([f"X-Auth-User: {number}" for number in range(5000)], {431}),
        (["X-API-Key: g\0ood"], {400}),
        (["X-API-Key: good\r\n X: y"], {400}),
    ],
    ids=["1MiB", "30KB", "99-fields", "5000-fields", "5000-identities", "NUL", "folded"],
)
async def test_bad_input_is_a_clear_4xx(door: DoorFactory, lines: list[str], statuses: set[int]) -> None:
    """Keys of any size and number are refused at once, and nothing is forwarded."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        head = "\r\n".join(["GET /keys HTTP/1.1", "Host: a.example", *lines, "", ""])
        await client.send(head.encode("latin-1"))
        data = await client.receive()
        assert int(data.split(b" ", 2)[1]) in statuses
        assert [] == upstream.received


async def test_access_log_tells_who_it_was(door: DoorFactory) -> None:
    """The user stands in the log once they were verified, also when they may not; whoever was refused has no name."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        for path, lines in (("/", [GOOD]), ("/write", [GOOD]), ("/", ["X-API-Key: bad"]), ("/public", [GOOD])):
            await ask(client, path, *lines)
    assert [(200, "acme"), (403, "acme"), (401, None), (200, None)] == [
        (record["status"], record["user"]) for record in opened.records()
    ]


async def test_every_counter_is_in_the_reference() -> None:
    """The page of metrics names what the gate counts."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "metrics.md").read_text("utf-8")
    async with ScriptedUpstream() as upstream:
        gateway = gateway_of(Path("unused"), parts(upstream))
        names = [name for name in gateway.state.metrics._cells.counters if name.startswith("auth_")]
        assert names
        assert [] == [name for name in names if f"| `{name}` |" not in page]
