"""JSON Web Tokens over real sockets, with a real provider of keys that rotates, fails, floods and hangs."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.auth.provider import Answering, reply
from tests.integration.doors import Door, DoorFactory, listening
from tests.unit.auth.jwt.tokens import SECRET, b64, forged, jwk, key_set, private_key, public_pem, token
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.steps import Step, forever, read_request, send, stall

ISSUER = "https://idp.example.com/"
ONE, TWO, EC = private_key("RS256"), private_key("RS256", 1), private_key("ES256")
KEYS_ONE, KEYS_TWO = reply(200, key_set(jwk(ONE, "one"))), reply(200, key_set(jwk(TWO, "two")))


def claims(**change: Any) -> dict[str, Any]:
    now_s = int(time.time())
    return {"iss": ISSUER, "aud": "vizgate", "sub": "ann", "exp": now_s + 600, "scope": "read", **change}


def good(key: Any = ONE, kid: str = "one", **change: Any) -> bytes:
    return token(claims(**change), key, "RS256", kid=kid)


def parts(origin: ScriptedUpstream, jwks_url: str, **more: Any) -> dict[str, Any]:
    """A gateway with one route that wants a token and one that is public."""
    tokens = {
        "kind": "jwt",
        "algorithms": ["RS256", "ES256"],
        "jwks_url": jwks_url,
        "jwks_cooldown": "100ms",
        "issuer": ISSUER,
        "audience": "vizgate",
        **more,
    }
    return {
        "auth": {"tokens": tokens},
        "identity_headers": {"user": "X-Auth-User"},
        "services": {"origin": {"targets": [origin.url]}},
        "routes": [
            {"match": {"path": "/*"}, "service": "origin", "auth": "tokens", "scopes": ["read"]},
            {"match": {"path": "/public"}, "service": "origin"},
        ],
    }


async def ask(door: Door, credential: bytes, path: bytes = b"/", *fields: bytes) -> RawResponse:
    async with door.client(timeout_s=20) as client:
        lines = [b"GET %b HTTP/1.1" % path, b"Host: a.example", b"Authorization: Bearer " + credential, *fields]
        await client.send(b"\r\n".join([*lines, b"", b""]))
        return await client.read_response()


def expired() -> bytes:
    return good(exp=int(time.time()) - 31)


ATTACKS = {
    "alg none": lambda: forged({"alg": "none"}, claims()).rpartition(b".")[0] + b".",
    "alg None": lambda: forged({"alg": "None"}, claims()),
    "hmac with the public key": lambda: forged({"alg": "HS256", "kid": "one"}, claims(), public_pem(ONE).encode()),
    "other signature": lambda: good(TWO),
    "changed payload": lambda: b".".join([*good().split(b".")[:1], b64(claims(sub="root")), *good().split(b".")[2:]]),
    "unknown kid": lambda: good(TWO, "two"),
    "kid path": lambda: good(TWO, "../../../../dev/null"),
    "kid injection": lambda: good(TWO, "x' UNION SELECT 'a"),
    "embedded key": lambda: token(claims(), TWO, "RS256", kid="one", jwk=jwk(TWO, "one")),
    "jku": lambda: token(claims(), TWO, "RS256", kid="one", jku="http://127.0.0.1:9/keys"),
    "x5u": lambda: token(claims(), TWO, "RS256", kid="one", x5u="http://127.0.0.1:9/keys"),
    "crit": lambda: forged({"alg": "RS256", "kid": "one", "crit": ["exp"]}, claims()),
    "key of another kind": lambda: token(claims(), EC, "ES256", kid="one"),
    "expired": expired,
    "not yet valid": lambda: good(nbf=int(time.time()) + 60),
    "issued in the future": lambda: good(iat=int(time.time()) + 60),
    "no exp": lambda: good(exp=None),
    "exp is text": lambda: good(exp="9999999999"),
    "other issuer": lambda: good(iss="https://evil.example/"),
    "other audience": lambda: good(aud="other"),
    "no audience": lambda: good(aud=None),
    "sub is a list": lambda: forged({"alg": "RS256", "kid": "one"}, claims(sub=["ann"])),
    "no sub": lambda: good(sub=None),
    "huge": lambda: good(x="x" * 9000),
    "not a token": lambda: b"opaque",
    "four parts": lambda: good() + b".AA",
    "encrypted": lambda: b"eyJhbGciOiJkaXIifQ..AA.AA.AA",
    "beyond ascii": lambda: good() + "\u00e9".encode("latin-1"),
    "two tokens in a field": lambda: good() + b", Bearer " + good(),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_attack_is_refused_and_nothing_is_forwarded(door: DoorFactory, attack: Any) -> None:
    """401 with a bearer challenge, a clear reason and no inner detail; the service never hears of it."""
    provider = Answering(KEYS_ONE)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        door(parts(origin, f"{keys.url}/keys")) as here,
    ):
        response = await ask(here, attack())
        assert 401 == response.status
        challenge = response.get(b"www-authenticate") or b""
        assert challenge.startswith(b'Bearer error="invalid_')
        assert b"application/problem+json" == response.get(b"content-type")
        assert set(json.loads(response.body)) == {"type", "title", "status", "detail", "request_id"}
        assert b"Traceback" not in response.body
        assert [] == origin.received


async def test_good_token_is_let_in_with_its_user_alone(door: DoorFactory) -> None:
    """The service learns the user from the gateway, never from the client, and with ``strip`` not the token."""
    provider = Answering(KEYS_ONE)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        door(parts(origin, f"{keys.url}/keys", strip=True)) as here,
    ):
        for _ in range(2):
            assert 200 == (await ask(here, good(), b"/", b"X-Auth-User: root", b"Connection: X-Auth-User")).status
        for request in origin.requests:
            assert ([b"ann"], []) == (request.get_all(b"x-auth-user"), request.get_all(b"authorization"))
        assert 403 == (await ask(here, good(scope="write"))).status
        assert 1 == len(keys.requests)
        assert b"/keys" == keys.requests[0].target


async def test_credential_in_two_fields_or_too_large_is_refused(door: DoorFactory) -> None:
    """Two Authorization fields are 400 (RFC 6750 3.1), a token that is longer than any should be is 401."""
    provider = Answering(KEYS_ONE)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        door(parts(origin, keys.url)) as here,
    ):
        for second in (b"Bearer " + good(), b"Basic YTpi"):
            response = await ask(here, good(), b"/", b"Authorization: " + second)
            assert 400 == response.status
            assert (response.get(b"www-authenticate") or b"").startswith(b'Bearer error="invalid_request"')
        assert 401 == (await ask(here, b"a" * 60_000)).status
        assert [] == origin.received


async def test_rotation_takes_new_keys_and_lets_go_of_old_ones(door: DoorFactory) -> None:
    """A token of a new key makes the keys be fetched; then those of the old one are refused, remembered or not."""
    provider = Answering(KEYS_ONE)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        door(parts(origin, keys.url)) as here,
    ):
        old, new = good(), good(TWO, "two")
        assert 200 == (await ask(here, old)).status
        provider.answer = KEYS_TWO
        statuses = [401]
        async with asyncio.timeout(10):
            while statuses[-1] != 200:  # until the cool-down is over
                statuses.append((await ask(here, new)).status)
        assert {401, 200} >= set(statuses)
        assert 401 == (await ask(here, old)).status


HEAD = b"HTTP/1.1 200 OK\r\n"
BAD: dict[str, list[Step]] = {
    "html": Answering(reply(200, b"<!DOCTYPE html><title>Sign in</title>", "Content-Type: text/html")).script(),
    "redirect": Answering(reply(302, b"", "Location: http://127.0.0.1:9/")).script(),
    "error": Answering(reply(500, key_set(jwk(ONE, "one")))).script(),
    "a gibibyte": [read_request(), send(HEAD + b"Content-Length: 1073741824\r\n\r\n"), forever(send(b"x" * 65536))],
    "without end": [read_request(), send(HEAD + b"\r\n"), forever(send(b" " * 65536))],
    "garbage": Answering(b"\x16\x03\x01\x00\r\n\r\n").script(),
    "cut": [read_request(), send(HEAD + b"Content-Length: 999\r\n\r\n{")],
    "no keys": Answering(reply(200, b'{"keys": []}')).script(),
    "secrets": Answering(reply(200, b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "one"}]}')).script(),
}


@pytest.mark.parametrize("script", BAD.values(), ids=BAD)
async def test_provider_without_keys_is_503(
    asgi_door: DoorFactory, script: list[Step], caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway starts, tells its log, answers 503 to tokens and serves what is public."""
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(script) as keys,
        asgi_door(parts(origin, f"{keys.url}/keys?code=secret")) as here,
    ):
        response = await ask(here, good())
        assert (503, True) == (response.status, int(response.get(b"retry-after") or b"0") > 0)
        assert b"127.0.0.1" not in response.body
        assert 200 == (await ask(here, good(), b"/public")).status
    assert "no keys from" in caplog.text
    assert "code=secret" not in caplog.text


async def test_provider_that_hangs_keeps_nothing_from_starting(asgi_door: DoorFactory) -> None:
    """The start waits two seconds for the first keys, then goes on; requests are answered at once."""
    since = time.monotonic()
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream([stall()]) as keys,
        asgi_door(parts(origin, keys.url)) as here,
    ):
        assert time.monotonic() - since < 4
        since = time.monotonic()
        assert 503 == (await ask(here, good())).status
        assert time.monotonic() - since < 1


async def test_keys_that_come_later_are_taken(asgi_door: DoorFactory) -> None:
    """A provider that is away when the gateway starts is asked again by itself: no request has to ask for it."""
    provider = Answering(reply(503))
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        asgi_door(parts(origin, keys.url)) as here,
    ):
        assert 503 == (await ask(here, good())).status
        provider.answer = KEYS_ONE
        async with asyncio.timeout(10):
            await keys.wait_for(lambda: len(keys.complete_requests) >= 2, 10)
            while (await ask(here, good())).status != 200:
                pass


async def test_old_keys_serve_while_the_provider_is_away(asgi_door: DoorFactory) -> None:
    """An outage concerns only tokens of keys that nobody knows: 503 for these, as they may be good."""
    provider = Answering(KEYS_ONE)
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        asgi_door(parts(origin, keys.url)) as here,
    ):
        assert 200 == (await ask(here, good())).status
        provider.answer = reply(500)
        statuses = {401}
        async with asyncio.timeout(10):
            while 503 not in statuses:  # until the cool-down is over and the provider has failed
                statuses.add((await ask(here, good(TWO, "two"))).status)
        assert {401, 503} == statuses
        assert 200 == (await ask(here, good(jti="another"))).status


async def test_flood_of_unknown_keys_asks_the_provider_once(tmp_path: Path) -> None:
    """A thousand made-up key ids on one connection: one fetch at the start, at most one more in the cool-down."""
    provider = Answering(KEYS_ONE)
    settings = {"jwks_cooldown": "60s"}
    async with (
        ScriptedUpstream() as origin,
        ScriptedUpstream(provider.script()) as keys,
        listening(tmp_path / "access.log", parts(origin, keys.url, **settings)) as here,
        here.client() as client,
    ):
        rest = good(TWO).partition(b".")[2]
        for number in range(1000):
            attack = b64({"alg": "RS256", "kid": f"{number}"}) + b"." + rest
            await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + attack + b"\r\n\r\n")
            assert 401 == (await client.read_response()).status
        assert len(keys.requests) <= 2


async def test_tokens_are_in_no_log(door: DoorFactory, caplog: pytest.LogCaptureFixture) -> None:
    """Neither good nor bad tokens are written down anywhere."""
    caplog.set_level(0)
    settings = {"kind": "jwt", "algorithms": ["HS256"], "secret": SECRET, "audience": "vizgate"}
    shown = [token(claims(), SECRET), token(claims(exp=1), SECRET), forged({"alg": "none"})]
    async with ScriptedUpstream() as origin, door({**parts(origin, "http://a/"), "auth": {"tokens": settings}}) as here:
        statuses = [(await ask(here, credential)).status for credential in shown]
    assert [200, 401, 401] == statuses
    written = caplog.text + here.log.read_text()
    for credential in shown:
        assert credential.rpartition(b".")[2].decode() not in written
    assert SECRET not in written
