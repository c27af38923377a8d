"""Tokens that are taken back, on each kind of store: what one gateway learns, every other one of the store knows."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.redis_server import RedisServer
from tests.unit.auth.jwt.tokens import SECRET, token
from vizgate import Gateway, RevocationList
from vizgate.testing.raw_client import RawClient

ISSUER = "https://idp.example.com/"


def gateway(store: Any, **more: Any) -> Gateway:
    tokens = {"kind": "jwt", "algorithms": ["HS256"], "secret": SECRET, "revocation": "store", **more}
    parts = {
        "version": 1,
        "server": {"listen": "127.0.0.1:0", "admin": "off"},
        "store": store,
        "auth": {"tokens": tokens},
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"match": {"path": "/*"}, "service": "echo", "auth": "tokens"}],
        "observe": {"access_log": {"format": "off"}},
    }
    return Gateway.from_text(json.dumps(parts))


def credential(token_id: str) -> bytes:
    return token({"iss": ISSUER, "sub": "ann", "exp": int(time.time()) + 600, "jti": token_id})


async def status(of: Gateway, shown: bytes) -> int:
    async with RawClient("127.0.0.1", of.addresses[0][1]) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + shown + b"\r\n\r\n")
        return (await client.read_response()).status


async def check(*gateways: Gateway) -> None:
    """A token that the first gateway is told of is refused by all, though they knew it; another one is not."""
    bad, good = credential("t-1"), credential("t-2")
    assert [200] * len(gateways) == [await status(one, bad) for one in gateways]
    assert await RevocationList(gateways[0].state.store).revoke(ISSUER, "t-1", time.time() + 600)
    assert [401] * len(gateways) == [await status(one, bad) for one in gateways]
    assert [200] * len(gateways) == [await status(one, good) for one in gateways]


async def test_revoked_token_with_memory() -> None:
    """One process."""
    async with gateway("memory") as one:
        await check(one)


async def test_revoked_token_with_shared_memory(tmp_path: Path) -> None:
    """All workers of a machine."""
    store = {"kind": "shared", "path": str(tmp_path / "store")}
    async with gateway(store) as one, gateway(store) as other:
        await check(one, other)


@pytest.mark.system
async def test_revoked_token_with_redis(redis_server: RedisServer) -> None:
    """Many machines; and without Redis each authenticator's own answer: nobody, unless it says otherwise."""
    store = {"kind": "redis", "url": redis_server.url}
    async with gateway(store) as one, gateway(store, on_store_failure="allow") as other:
        await check(one, other)
        redis_server.kill()
        assert [503, 200] == [await status(each, credential("t-3")) for each in (one, other)]
