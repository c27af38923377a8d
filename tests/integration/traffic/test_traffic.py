"""Splits, mirrors and faults over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.doors import DoorFactory, listening
from vizgate.testing.raw_client import ConnectionEnded, End, RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, reset, stall

STABLE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstable"
CANARY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary"


async def ask(door: Any, *fields: str, line: str = "GET /shop/1 HTTP/1.1", body: bytes = b"") -> RawResponse:
    async with door.client() as client:
        await client.send("\r\n".join([line, "Host: a", *fields, "", ""]).encode() + body)
        return await client.read_response()


def parts(stable: ScriptedUpstream, other: ScriptedUpstream, **route: Any) -> dict[str, Any]:
    services = {"stable": {"targets": [stable.url]}, "other": {"targets": [other.url], "timeouts": {"total": "30s"}}}
    return {"services": services, "routes": [{"name": "shop", "match": {"path": "/shop/*"}, **route}]}


async def test_split_by_cookie_is_sticky_and_a_field_forces_the_canary(door: DoorFactory) -> None:
    """The same cookie gets the same service every time, both services get some, and a field always gets the canary."""
    split = [{"service": "stable", "weight": 50}, {"service": "other", "weight": 50, "header": {"X-Canary": "yes"}}]
    async with ScriptedUpstream([answer(STABLE)]) as stable, ScriptedUpstream([answer(CANARY)]) as other:
        config = parts(stable, other, split=split, split_by="cookie:sid", rewrite={"strip_prefix": "/shop"})
        async with door(config) as opened:
            seen = {}
            for number in range(12):
                cookie = f"Cookie: sid={number}"
                answers = {(await ask(opened, cookie)).body for _ in range(2)}
                assert 1 == len(answers)
                seen[number] = answers.pop()
            assert {b"stable", b"canary"} == set(seen.values())
            on_stable = next(number for number, body in seen.items() if body == b"stable")
            assert b"canary" == (await ask(opened, f"Cookie: sid={on_stable}", "X-Canary: yes")).body
        assert {b"/1"} == {request.target for request in [*stable.requests, *other.requests]}
        assert {"stable", "other"} == {record["service"] for record in opened.records()}


async def test_mirror_gets_the_same_request_and_its_answer_is_dropped(door: DoorFactory) -> None:
    """A POST reaches both, byte for byte the same body; the client sees the primary's answer."""
    async with ScriptedUpstream([answer(STABLE)]) as stable, ScriptedUpstream([answer(CANARY)]) as other:
        config = parts(stable, other, service="stable", mirror={"service": "other"})
        async with door(config) as opened:
            body = b"x" * 50_000
            line = "POST /shop/1?q=1 HTTP/1.1"
            got = await ask(opened, f"Content-Length: {len(body)}", "X-A: 1", line=line, body=body)
            assert (200, b"stable") == (got.status, got.body)
            await other.wait_for(lambda: bool(other.complete_requests))
        [copy], [original] = other.complete_requests, stable.complete_requests
        assert (b"POST", b"/shop/1?q=1", body) == (copy.method, copy.target, copy.body)
        assert (original.body, original.target) == (copy.body, copy.target)


@pytest.mark.parametrize(
    "script", [[reset()], [read_request(), stall()], [read_request(), reset()]], ids=["refuses", "stalls", "resets"]
)
async def test_mirror_that_is_broken_slows_nobody(script: Any, door: DoorFactory) -> None:
    """A mirror that resets or hangs: every client has its answer at once, and stopping waits for no copy."""
    async with ScriptedUpstream([answer(STABLE)]) as stable, ScriptedUpstream(script) as other:
        config = parts(stable, other, service="stable", mirror={"service": "other", "timeout": "30s", "in_flight": 3})
        async with asyncio.timeout(10), door(config) as opened:
            for _ in range(8):
                assert b"stable" == (await ask(opened)).body
        assert 8 == len(stable.complete_requests)
        assert ["stable"] * 8 == [record["service"] for record in opened.records()]


async def test_fault_answers_only_who_shows_the_secret(door: DoorFactory) -> None:
    """With the secret 503, without it the service answers."""
    async with ScriptedUpstream([answer(STABLE)]) as stable, ScriptedUpstream() as other:
        fault = {"status": 503, "header": "X-Fault", "secret": "try-it"}
        async with door(parts(stable, other, service="stable", fault=fault)) as opened:
            assert 200 == (await ask(opened)).status
            assert 503 == (await ask(opened, "X-Fault: try-it")).status
        assert 1 == len(stable.requests)


async def test_fault_abort_resets_the_connection(tmp_path: Any) -> None:
    """The client sees a reset and not one byte; the log tells that it was meant."""
    async with ScriptedUpstream() as stable, ScriptedUpstream() as other:
        config = parts(stable, other, service="stable", fault={"abort": True})
        async with listening(tmp_path / "log", config) as opened:
            async with opened.client() as client:
                await client.send(b"GET /shop/1 HTTP/1.1\r\nHost: a\r\n\r\n")
                with pytest.raises(ConnectionEnded) as ended:
                    await client.read_response()
            assert (End.RST, b"") == (ended.value.end, ended.value.data)
        assert [(499, "fault")] == [(record["status"], record["termination"]) for record in opened.records()]
        assert [] == stable.requests
