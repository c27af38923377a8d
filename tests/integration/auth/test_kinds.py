"""Authenticators in an assembled gateway: passwords, certificates, files of keys, and the limits beside them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import argon2
import jwt
import pytest

from tests.integration.doors import DoorFactory
from vizgate import Middleware, Request, Response
from vizgate.auth.api_key.table import hash_key
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient
from vizgate.testing.raw_client import RawClient, RawResponse

HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")
KEY = {"id": "k-1", "user": "acme", "hash": hash_key(b"good")}


def parts(auth: dict[str, Any], **route: Any) -> dict[str, Any]:
    return {
        "services": {"echo": {"builtin": "echo"}},
        "auth": auth,
        "routes": [{"name": "r", "match": {"path": "/*"}, "service": "echo", "auth": list(auth), **route}],
    }


async def ask(client: RawClient, *lines: str) -> RawResponse:
    await client.send("\r\n".join(["GET / HTTP/1.1", "Host: a.example", *lines, "", ""]).encode())
    return await client.read_response()


def basic(text: str) -> str:
    return f"Authorization: Basic {base64.b64encode(text.encode()).decode()}"


STRIPPING = {
    "tokens": {"kind": "jwt", "algorithms": ["HS256"], "secret": "s" * 32, "cookie": "tok", "strip": True},
    "keys": {"kind": "api_key", "keys": [KEY], "strip": True},
    "people": {"kind": "basic", "users": {"ann": {"password_hash": HASH}}, "strip": True},
}
TOKEN = jwt.encode({"sub": "ann", "exp": 99_999_999_999}, "s" * 32, "HS256")


@pytest.mark.parametrize(
    "lines",
    [
        [f"Authorization: Bearer {TOKEN}", "X-API-Key: nobody-looked"],
        [f"Cookie: tok={TOKEN}", basic("nobody:looked")],
        [f"Cookie: tok={TOKEN}", "Authorization: Basic\tnobody-looked"],
        ["X-API-Key: good", basic("nobody:looked")],
        ["X-API-Key: good", basic("nobody:looked"), "X-API-Key_: x", "Cookie: tok="],
        [basic("ann:right")],
    ],
)
async def test_no_kind_that_is_stripped_reaches_the_service(door: DoorFactory, lines: list[str]) -> None:
    """A service behind ``strip`` is shown no credential, and least of all one beside the credential that decided."""
    async with door(parts(STRIPPING)) as opened, opened.client() as client:
        response = await ask(client, *lines)
        assert 200 == response.status
        seen = {name.lower() for name, _ in json.loads(response.body)["headers"]}
        assert set() == seen & {"authorization", "x-api-key"}
        assert TOKEN.encode() not in response.body


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([basic("ann:right")], 200),
        ([basic("ann:wrong")], 401),
        ([basic("bob:right")], 401),
        (["Authorization: Basic !"], 401),
        ([basic("ann:right").replace("Basic ", "Basic\t")], 401),
        ([basic("ann:right"), basic("ann:right")], 401),
        (["Authorization: Bearer x"], 401),
        ([], 401),
        ([basic("ann:" + "x" * 40_000)], 401),
    ],
)
async def test_passwords_over_a_socket(door: DoorFactory, lines: list[str], status: int) -> None:
    """The right user with the right password comes in; everybody else is told the realm."""
    auth = {"people": {"kind": "basic", "realm": "shop", "users": {"ann": {"password_hash": HASH}}}}
    async with door(parts(auth)) as opened, opened.client() as client:
        response = await ask(client, *lines)
        assert status == response.status
        said = [b'Basic realm="shop", charset="UTF-8"'] if status == 401 else []
        assert said == response.get_all(b"www-authenticate")


async def test_passwords_many_wrong_ones_are_bounded(door: DoorFactory) -> None:
    """Guesses that come all at once are checked a few at a time; what does not fit is 503, and the loop goes on."""
    auth = {
        "people": {"kind": "basic", "users": {"ann": {"password_hash": HASH}}, "concurrency": 1, "queue": 1},
        "keys": {"kind": "api_key", "keys": [KEY]},
    }
    async with door(parts(auth)) as opened:
        clients = [opened.client() for _ in range(12)]
        for number, client in enumerate(clients):
            await client.__aenter__()
            await client.send(f"GET / HTTP/1.1\r\nHost: a\r\n{basic(f'ann:{number}')}\r\n\r\n".encode())
        statuses = {(await client.read_response()).status for client in clients}
        for client in clients:
            client.close()
        assert statuses <= {401, 503}
        async with opened.client() as client:
            assert 200 == (await ask(client, "X-API-Key: good")).status


async def test_guessing_counts_against_the_limit(door: DoorFactory) -> None:
    """A bad credential counts as a request of nobody: guessing costs what asking costs, then there is 429."""
    limited = {
        **parts({"keys": {"kind": "api_key", "keys": [KEY]}}, limit="few"),
        "limits": {
            "few": {"tiers": {"anonymous": {"rate": "3/hour", "key": "ip"}, "authenticated": {"rate": "9/hour"}}}
        },
    }
    async with door(limited) as opened, opened.client() as client:
        guesses = [(await ask(client, f"X-API-Key: {number}")).status for number in range(5)]
        assert [401, 401, 401, 429, 429] == guesses
        assert 200 == (await ask(client, "X-API-Key: good")).status


async def test_file_of_keys_is_looked_after_while_serving(tmp_path: Path) -> None:
    """A key that comes into the file opens, one that leaves it closes, without a restart."""
    file = tmp_path / "keys.yaml"
    entry = '- {{id: f-{0}, user: acme, hash: "{1}"}}\n'
    file.write_text(entry.format(1, hash_key(b"first")))
    config = f"""
version: 1
services: {{echo: {{builtin: echo}}}}
auth: {{keys: {{kind: api_key, keys_file: "{file}"}}}}
routes: [{{match: {{path: /*}}, service: echo, auth: keys}}]
"""
    async with MemoryClient(config) as client:

        async def statuses() -> list[int]:
            return [(await client.get("/", headers={"X-API-Key": key})).status for key in ("first", "second")]

        assert [200, 401] == await statuses()
        file.write_text(entry.format(22, hash_key(b"second")))
        keys: Any = client.gateway._present.generation.components[0]
        await keys.look_after()
        assert [401, 200] == await statuses()
        file.write_text("- {id: ")
        await keys.look_after()
        assert [401, 200] == await statuses()


class Handshake(Middleware):
    """Does what a listener with TLS does: gives the request the certificate of its connection."""

    stands_outside = True

    async def __call__(self, request: Request, forward: Handler) -> Response:
        name = request.headers.get("X-Test-Name")
        if name is not None:
            request.peer_certificate = {
                "subject": ((("commonName", name),),),
                "notAfter": "Jan  1 00:00:00 2099 GMT",
                "serialNumber": "01",
            }
        return await forward(request)


async def test_certificate_of_the_connection_is_an_identity() -> None:
    """The name in a verified certificate comes in if it is on the list; no field can stand in for one."""
    config = f"""
version: 1
services: {{echo: {{builtin: echo}}}}
auth: {{machines: {{kind: mtls, allow: ["*.internal"]}}}}
identity_headers: {{user: X-User}}
routes: [{{match: {{path: /*}}, service: echo, auth: machines, middleware: [{{use: "{__name__}:Handshake"}}]}}]
"""
    async with MemoryClient(config) as client:
        good = await client.get("/", headers={"X-Test-Name": "a.internal"})
        assert ["X-User", "a.internal"] in good.json()["headers"]
        assert 401 == (await client.get("/", headers={"X-Test-Name": "a.external"})).status
        assert 401 == (await client.get("/", headers={"X-Client-Cert": "a.internal", "X-User": "a.internal"})).status
