"""Probes over real sockets: targets that die, come back, flap, hang and lie."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path

import pytest
import trustme

from tests.integration.health.bench import Bench, Mood, serving, turn_until
from vizgate.config import load_text
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.rehearsal import Rehearsal
from vizgate.pipeline.target_state import Block
from vizgate.testing import ScriptedUpstream
from vizgate.testing.steps import Step, forever, read_head, send, stall

ACTIVE = {"active": {"path": "/health"}}
FIT, UNHEALTHY = Block.NONE, Block.UNHEALTHY


async def settle(bench: Bench, outcome: str, number: int, count: int) -> None:
    """Let time pass until target *number* has had *count* probes with *outcome*."""
    for wanted in range(bench.probes(outcome, number) + 1, count + 1):
        bench.clock.advance(5.5)
        await turn_until(lambda wanted=wanted: bench.probes(outcome, number) >= wanted)


async def test_target_that_dies_is_left_out_and_is_back_when_it_lives() -> None:
    """Three bad probes and two good ones; no request fails, and none goes to it while it is out."""
    good, other = Mood(), Mood()
    async with ScriptedUpstream() as closed:
        port = closed.port
    async with ScriptedUpstream(good.script()) as a, serving([a.url, f"http://127.0.0.1:{port}"], ACTIVE) as bench:
        assert [FIT, FIT] == bench.blocks()
        for times in (1, 2):
            await settle(bench, "connect_failure", 1, 3 * times)
            assert [FIT, UNHEALTHY] == bench.blocks()
            served = other.served
            assert [200] * 4 == await bench.statuses(4)
            async with ScriptedUpstream(other.script(), port=port):
                await settle(bench, "ok", 1, 2 * times)
                assert [FIT, FIT] == bench.blocks()
                assert [200] * 2 == await bench.statuses(2)
                assert served + 1 == other.served


async def test_target_that_flaps_with_every_probe_stays() -> None:
    """Never three bad ones in a row."""
    mood = Mood()
    async with ScriptedUpstream(mood.script()) as a, serving([a.url], ACTIVE) as bench:
        for turn in range(6):
            mood.health = 503 if turn % 2 else 200
            await settle(bench, "status" if turn % 2 else "ok", 0, turn // 2 + 1 + (turn % 2 == 0))
        assert [FIT] == bench.blocks()


@pytest.mark.parametrize(
    ("active", "mood", "outcome"),
    [
        ({"path": "/health"}, Mood(health=204), "status"),
        ({"path": "/health", "expect": [200, 204]}, Mood(health=204, body=b""), "ok"),
        ({"path": "/health", "body": '"UP"'}, Mood(body=b'{"status":"UP"}'), "ok"),
        ({"path": "/health", "body": '"UP"'}, Mood(body=b'{"status":"DOWN"}'), "body"),
        ({"path": "/health", "body": "late", "read_limit": "1KiB"}, Mood(body=b"x" * 2000 + b"late"), "body"),
        ({"path": "/health", "body": "late"}, Mood(body=b"x" * 2000 + b"late"), "ok"),
        ({"path": "/health"}, Mood(body=b"x" * 1_000_000), "ok"),
        ({"path": "/health", "method": "HEAD"}, Mood(body=b""), "ok"),
    ],
)
async def test_answer_must_be_as_expected(active: dict[str, object], mood: Mood, outcome: str) -> None:
    """Status and text, the text within what is read; a long body is not waited for."""
    async with ScriptedUpstream(mood.script()) as a, serving([a.url], {"active": active}) as bench:
        await settle(bench, outcome, 0, 3)
        assert [FIT if outcome == "ok" else UNHEALTHY] == bench.blocks()


async def test_probe_goes_where_it_is_told_and_hangs_up() -> None:
    """Another port, a Host of its own; each probe on a connection of its own, which is closed."""
    async with ScriptedUpstream() as traffic, ScriptedUpstream(Mood().script()) as health:
        active = {"path": "/health?deep=1", "port": health.port, "host": "users.internal", "method": "HEAD"}
        async with serving([traffic.url], {"active": active}) as bench:
            await settle(bench, "ok", 0, 2)
            await health.wait_for(lambda: len(health.complete_requests) == 2)
            await health.wait_quiet()
            assert 2 == len(health.connections)
        request = health.complete_requests[0]
        assert (b"HEAD", b"/health?deep=1", b"") == (request.method, request.target, request.body)
        assert [b"users.internal"] == request.get_all(b"host")
        assert [b"vizgate-probe"] == request.get_all(b"user-agent")
        assert [] == traffic.connections


@pytest.mark.parametrize(
    "silence",
    [[stall()], [read_head(), stall()], [read_head(), send(b"HTTP/1.1 200 OK\r\n"), stall()],
     [read_head(), send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), stall()]],
    ids=["no byte", "no answer", "half a head", "half a body"],
)  # fmt: skip
async def test_probe_that_hangs_has_failed_and_is_not_joined_by_another(silence: list[Step]) -> None:
    """Within its timeout, wherever it hangs; one connection at a time."""
    health = {"active": {"path": "/health", "body": "ok", "unhealthy_after": 2}}
    async with ScriptedUpstream(silence) as a, serving([a.url], health) as bench:
        for count in (1, 2):
            await a.wait_for(lambda count=count: len([c for c in a.connections if c.received]) == count)
            assert 1 == sum(connection.is_open for connection in a.connections)
            bench.clock.advance(2.1)
            await turn_until(lambda count=count: bench.probes("timeout") >= count)
            await a.wait_quiet()
            bench.clock.advance(4.0)
        assert [UNHEALTHY] == bench.blocks()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ([read_head(), send(b"SSH-2.0-OpenSSH\r\n")], "invalid"),
        ([read_head()], "reset"),
        ([read_head(), send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")], "invalid"),
    ],
)
async def test_what_is_no_answer_is_told_by_its_kind(script: list[Step], outcome: str) -> None:
    """Garbage, an end, an upgrade that nobody asked for."""
    async with ScriptedUpstream(script) as a, serving([a.url], ACTIVE) as bench:
        await settle(bench, outcome, 0, 3)
        assert [UNHEALTHY] == bench.blocks()


async def test_connection_is_enough_for_tcp() -> None:
    """Nothing is sent; where none can be made the target is out."""
    health = {"active": {"kind": "tcp"}}
    async with ScriptedUpstream([stall()]) as a, serving([a.url], health) as bench:
        await settle(bench, "ok", 0, 2)
        await a.wait_quiet()
        assert [] == a.received
        url = a.url
    async with serving([url], health) as bench:
        await settle(bench, "connect_failure", 0, 3)
        assert [UNHEALTHY] == bench.blocks()


@pytest.mark.parametrize("kind", ["http", "tcp"])
@pytest.mark.parametrize("is_trusted", [True, False])
async def test_tls_of_a_probe_is_that_of_the_service(
    kind: str, is_trusted: bool, authority: trustme.CA, tmp_path: Path
) -> None:
    """Verified: a target with a certificate of strangers is no target."""
    (authority if is_trusted else trustme.CA()).cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1000):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with serving([url], {"active": {"kind": kind}}, tls={"ca": str(tmp_path / "ca.pem")}) as bench:
            await settle(bench, "ok" if is_trusted else "connect_failure", 0, 3)
            assert [FIT if is_trusted else UNHEALTHY] == bench.blocks()


async def test_routes_share_the_probes_of_their_service() -> None:
    """Two routes, one probe an interval."""
    mood = Mood()
    async with ScriptedUpstream(mood.script()) as a, serving([a.url], ACTIVE) as bench:
        await settle(bench, "ok", 0, 4)
        assert 4 == len(a.complete_requests)


async def test_probe_that_hangs_does_not_delay_the_stop() -> None:
    """It is given up at once, and its connection with it."""
    async with ScriptedUpstream([stall()]) as a:
        async with serving([a.url], ACTIVE), asyncio.timeout(5.0):
            await a.wait_for(lambda: bool(a.received))
        await a.wait_quiet()


async def test_all_targets_unhealthy_is_an_answer_or_a_panic() -> None:
    """503 without a panic threshold; with one, all are asked."""
    mood = Mood(health=500)
    async with ScriptedUpstream(mood.script()) as a, ScriptedUpstream(mood.script()) as b:
        for health, status in ((ACTIVE, 503), ({**ACTIVE, "panic_below": "50%"}, 200)):
            async with serving([a.url, b.url], health) as bench:
                await settle(bench, "status", 0, 3)
                await settle(bench, "status", 1, 3)
                assert [UNHEALTHY, UNHEALTHY] == bench.blocks()
                assert [status] * 4 == await bench.statuses(4)


async def test_required_service_decides_about_readiness() -> None:
    """While none of its targets is fit."""
    mood = Mood(health=500)
    async with ScriptedUpstream(mood.script()) as a, serving([a.url], ACTIVE, required=True) as bench:
        assert 200 == (await bench.admin("GET", "/readiness")).status
        await settle(bench, "status", 0, 3)
        response = await bench.admin("GET", "/readiness")
        assert (503, ["users"]) == (response.status, json.loads(response.body)["services"])
        mood.health = 200
        await settle(bench, "ok", 0, 2)
        assert 200 == (await bench.admin("GET", "/readiness")).status


async def test_rehearsal_probes_nobody() -> None:
    """``vizgate check`` and ``explain`` reach no network."""
    async with ScriptedUpstream([forever(read_head())]) as a:
        text = json.dumps(
            {
                "version": 1,
                "services": {"users": {"targets": [a.url], "health": {**ACTIVE, "slow_start": "10s"}}},
                "routes": [{"match": {"path": "/*"}, "service": "users"}],
            }
        )
        async with Rehearsal(load_text(text), Registry(BUILTIN)) as rehearsal:
            result = await rehearsal.send("GET", "http://a.example/x")
            assert "users" == result.service
            await asyncio.sleep(0)
        assert [] == a.connections
