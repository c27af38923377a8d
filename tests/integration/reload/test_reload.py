"""What a reload changes for clients, and what it leaves alone, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.integration.reload.bench import (
    OK,
    USE,
    Watched,
    ask,
    client_of,
    config_of,
    counts,
    free_port,
    request,
    retired,
    says,
    target,
)
from vizgate.errors import VizgateError
from vizgate.gateway.reload.refusal import ReloadRefused
from vizgate.gateway.server import Gateway
from vizgate.gateway.service_parts.breakers import force_breakers
from vizgate.pipeline.target_state import Block
from vizgate.testing.raw_client import RawClient
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, send, wait


async def test_kept_connection_has_its_next_request_by_the_new_plan() -> None:
    """Nobody reconnects: the connection stays, and the answer is another one."""
    async with Gateway(config_of({"routes": [says("one")]})) as gateway, client_of(gateway) as client:
        assert b"one" == (await ask(client)).body
        await gateway.reload(config_of({"routes": [says("two")]}))
        assert b"two" == (await ask(client)).body


async def test_connections_to_targets_that_stay_are_used_again() -> None:
    """One connection to the target before and after, whatever else changes."""
    async with ScriptedUpstream([answer(OK)] * 4) as upstream:
        async with Gateway(config_of(target(upstream.url))) as gateway, client_of(gateway) as client:
            assert b"ok" == (await ask(client)).body
            after = target(upstream.url, breaker={}, timeouts={"response": "7s"})
            await gateway.reload(config_of(after))
            assert b"ok" == (await ask(client)).body
        assert 1 == len(upstream.connections)


async def test_what_is_known_of_targets_that_stay_lives_on() -> None:
    """Drained by an operator, breaker forced, latency, ejection; what is gone is forgotten."""
    parts = target("http://127.0.0.1:9", breaker={}, health={"passive": {}}, max_in_flight=3)
    async with Gateway(config_of(parts)) as gateway:
        state = gateway.state
        (known,) = state.targets.values()
        known.block(Block.DRAINED)
        known.latency_s = 0.25
        force_breakers(state, "api", "open")
        watched = state.watched[known]
        watched.eject(state.clock.monotonic() + 60, state.sweeper)
        parts["services"]["api"]["targets"].append("http://127.0.0.1:10")
        await gateway.reload(config_of(parts))
        assert known in state.targets.values()
        assert (Block.DRAINED | Block.OPEN | Block.EJECTED, 0.25) == (known.blocks, known.latency_s)
        parts["services"]["api"]["targets"] = ["http://127.0.0.1:10"]
        await gateway.reload(config_of(parts))
        await retired(gateway)
        assert [("api", "127.0.0.1:10", 1)] == [*state.targets]
        assert 0 == len(known._watchers)


async def test_request_is_finished_by_the_plan_it_began_on() -> None:
    """Its middleware stops when it is done, not before; the next request has the new one."""
    Watched.begin()

    def parts(name: str) -> dict[str, object]:
        return {"routes": [says("x", "/*", middleware=[{"use": USE, "name": name}])]}

    async with Gateway(config_of(parts("old"))) as gateway, client_of(gateway) as slow, client_of(gateway) as quick:
        await slow.send(request("/slow"))
        await Watched.entered.wait()
        await gateway.reload(config_of(parts("new")))
        assert b"new" == (await ask(quick)).get(b"x-name")
        assert ["start old", "enter old", "start new"] == Watched.log
        Watched.release.set()
        assert b"old" == (await slow.read_response()).get(b"x-name")
        await retired(gateway)
        assert "stop old" == Watched.log[-1]
    assert "stop new" == Watched.log[-1]


async def test_middleware_stops_although_a_request_goes_on_for_ever() -> None:
    """At the latest after ``shutdown_timeout``."""
    Watched.begin()
    server = {"shutdown_timeout": "50ms"}
    old = {"server": server, "routes": [says("x", "/*", middleware=[{"use": USE, "name": "old"}])]}
    async with Gateway(config_of(old)) as gateway, client_of(gateway) as slow:
        await slow.send(request("/slow"))
        await Watched.entered.wait()
        await gateway.reload(config_of({"server": server, "routes": [says("x")]}))
        await retired(gateway)
        assert "stop old" == Watched.log[-1]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"routes": [says("x", middleware=[{"use": USE, "name": "a"}, {"use": USE, "name": "fails"}])]}, "no luck"),
        ({"routes": [says("x")], "server": {"listen": ["127.0.0.1:0", "127.0.0.1:PORT"]}}, "cannot listen on"),
        ({"routes": [says("x")], "server": {"admin": "127.0.0.1:PORT"}}, "cannot listen on"),
        ({"routes": [says("x")], "observe": {"access_log": {"to": "/no/such/folder/log"}}}, "access_log"),
        ({"routes": [says("x")], "store": {"kind": "shared", "path": "/no/such/folder/store"}}, "store.path"),
    ],
)
async def test_what_cannot_be_started_changes_nothing(broken: dict[str, object], why: str) -> None:
    """The one before serves on, whoever asked is told why, and nothing is left of the attempt."""
    Watched.begin()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = repr(broken).replace("PORT", str(taken.getsockname()[1]))
        parts = {**target("http://127.0.0.1:9", "/api", breaker={}, health={"passive": {}, "active": {}})}
        parts["routes"] = [*parts["routes"], says("one")]
        async with Gateway(config_of(parts)) as gateway, client_of(gateway) as client:
            await ask(client)
            await asyncio.sleep(0.05)  # the first probes have ended
            before, plan = counts(gateway), gateway.plan
            with pytest.raises(VizgateError, match=why):
                await gateway.reload(config_of(eval(text)))  # noqa: S307  # the text is from a few lines above
            assert b"one" == (await ask(client)).body
            assert (before, plan) == (counts(gateway), gateway.plan)
            assert why in gateway.reloads.failure
    assert sorted(line.removeprefix("start ") for line in Watched.log if line.startswith("start")) == sorted(
        line.removeprefix("stop ") for line in Watched.log if line.startswith("stop")
    )


async def test_aborted_reload_leaves_nothing(tmp_path: Path) -> None:
    """What was prepared and is not wanted after all: no listener, task, file or entry of it stays."""
    async with Gateway(config_of({"routes": [says("one")]})) as gateway:
        before = counts(gateway)
        wanted = target("http://127.0.0.1:9", breaker={}, health={"passive": {}, "active": {}})
        wanted["server"] = {"listen": ["127.0.0.1:0", f"unix:{tmp_path}/socket"]}
        wanted["observe"] = {"access_log": {"to": str(tmp_path / "log")}}
        prepared = await gateway.prepare(config_of(wanted))
        assert (tmp_path / "socket").exists()
        await prepared.abort()
        await prepared.abort()
        prepared.commit()
        assert (before, 1) == (counts(gateway), len(gateway.addresses))
        assert not (tmp_path / "socket").exists()


async def test_restart_only_settings_are_refused_as_a_whole(tmp_path: Path) -> None:
    """Who may open a Unix socket is decided when its file is made."""
    listen = {"address": f"unix:{tmp_path}/socket", "mode": "600"}
    async with Gateway(config_of({"server": {"listen": [listen]}, "routes": [says("one")]})) as gateway:
        wanted = {"server": {"listen": [{**listen, "mode": "660"}]}, "routes": [says("two")]}
        with pytest.raises(ReloadRefused, match="only a restart can change mode and owner"):
            await gateway.reload(config_of(wanted))


async def test_nothing_grows_over_many_reloads() -> None:
    """Targets, breakers, pools, series, tasks and files of what is gone go, too."""

    def parts(number: int) -> dict[str, object]:
        made = target(
            f"http://127.0.0.1:{1000 + number}", f"/r{number}", breaker={}, max_in_flight=2,
            health={"passive": {}, "slow_start": "1s"}, retry={"attempts": 2},
        )  # fmt: skip
        made["routes"][0] |= {"name": f"route {number}", "limit": f"limit{number}", "middleware": [{"use": "cache"}]}
        made["limits"] = {f"limit{number}": {"rate": "10/second", "key": "ip"}}
        return made

    async with Gateway(config_of(parts(0))) as gateway:
        await gateway.reload(config_of(parts(1)))
        await retired(gateway)
        before = counts(gateway)
        for number in range(2, 152):
            await gateway.reload(config_of(parts(number)))
        await retired(gateway)
        assert before == counts(gateway)


async def test_target_that_comes_back_is_counted() -> None:
    """Also where the last configuration that had it comes to its end while the next one that has it gets ready."""
    with_it, without = target("http://127.0.0.1:9", "/"), {"routes": [says("nothing")]}
    (name,) = with_it["services"]
    async with Gateway(config_of(with_it)) as gateway:
        await gateway.reload(config_of(without))
        prepared = await gateway.prepare(config_of(with_it))
        await retired(gateway)
        prepared.commit()
        await retired(gateway)
        assert {(name, "127.0.0.1:9")} == gateway.state.metrics._cells.targets.keys()


async def test_fields_of_the_gateway_are_guarded_from_the_next_request_on() -> None:
    """A field that tells a service who the caller is, since the reload, is taken from connections of before, too."""
    echo = {"services": {"echo": {"builtin": "echo"}}, "routes": [{"match": {"path": "/*"}, "service": "echo"}]}
    async with Gateway(config_of(echo)) as gateway, client_of(gateway) as client:
        assert b"mallory" in (await ask(client, fields=b"X-User: mallory\r\n")).body
        await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\nX-User: mal")
        await asyncio.sleep(0.01)
        await gateway.reload(config_of({**echo, "identity_headers": {"user": "X-User"}}))
        await client.send(b"lory\r\n\r\n")
        assert b"mallory" not in (await client.read_response()).body
        assert b"mallory" not in (await ask(client, fields=b"X-User: mallory\r\n")).body


async def test_reloads_of_a_program_are_done_one_after_the_other() -> None:
    """The one asked for last serves in the end, however many come at once."""
    async with Gateway(config_of({"routes": [says("0")]})) as gateway, client_of(gateway) as client:
        await asyncio.gather(*(gateway.reload(config_of({"routes": [says(str(n))]})) for n in range(1, 9)))
        assert b"8" == (await ask(client)).body


async def test_reload_waits_for_a_start_and_is_refused_by_a_stop() -> None:
    """In both it is harmless."""
    gateway = Gateway(config_of({"routes": [says("one")]}))
    starting = asyncio.create_task(gateway.start())
    await asyncio.sleep(0)
    await gateway.reload(config_of({"routes": [says("two")]}))
    await starting
    async with client_of(gateway) as client:
        assert b"two" == (await ask(client)).body
    prepared = await gateway.prepare(config_of({"routes": [says("three")]}))
    await gateway.stop()
    prepared.commit()
    with pytest.raises(ReloadRefused, match="stopping"):
        await gateway.reload(config_of({"routes": [says("four")]}))
    assert "two" in gateway.config.routes[0].name


async def test_store_is_kept_when_its_settings_are_equal() -> None:
    """A limit goes on counting where it was; another store begins at nothing."""
    route = {**says("one", "/"), "limit": "one"}
    limits = {"one": {"rate": "1/hour", "key": "ip"}}
    async with Gateway(config_of({"routes": [route], "limits": limits})) as gateway, client_of(gateway) as client:
        assert [200, 429] == [(await ask(client)).status, (await ask(client)).status]
        store = gateway.state.store
        await gateway.reload(config_of({"routes": [route, says("two", "/two")], "limits": limits}))
        assert 429 == (await ask(client)).status
        other = {"routes": [route], "limits": limits, "store": {"kind": "memory", "keys": 1000}}
        await gateway.reload(config_of(other))
        assert 200 == (await ask(client)).status
        assert store is not gateway.state.store


async def test_access_log_changes(tmp_path: Path) -> None:
    """The line of a request is in the log of the moment it ended."""

    def parts(name: str) -> dict[str, object]:
        return {"routes": [says(name)], "observe": {"access_log": {"to": str(tmp_path / name)}}}

    async with Gateway(config_of(parts("one"))) as gateway, client_of(gateway) as client:
        await ask(client)
        await gateway.reload(config_of(parts("two")))
        await ask(client)
        await gateway.reload(config_of({"routes": [says("three")]}))
        await ask(client)
        await retired(gateway)
    assert [1, 1] == [len((tmp_path / name).read_text().splitlines()) for name in ("one", "two")]


async def test_stale_answer_of_a_slow_target_is_none_of_the_new_plans() -> None:
    """A target that is gone answers the request that was sent to it, and its connection is closed then."""
    release = asyncio.Event()
    async with (
        ScriptedUpstream([read_request(), wait(release), send(OK), answer(OK)]) as upstream,
        Gateway(config_of(target(upstream.url))) as gateway,
        client_of(gateway) as client,
    ):
        await client.send(request())
        await upstream.wait_for(lambda: len(upstream.complete_requests) == 1)
        await gateway.reload(config_of({"routes": [says("other")]}))
        release.set()
        assert b"ok" == (await client.read_response()).body
        await upstream.wait_quiet()
        assert b"other" == (await ask(client)).body


async def test_gateway_without_file_says_so() -> None:
    """There is nothing to read again."""
    with pytest.raises(ReloadRefused, match="no file"):
        await Gateway(config_of({"routes": [says("one")]})).reload()


async def test_admin_listener_moves() -> None:
    """To another address, and off."""
    parts = {"routes": [says("one")], "server": {"admin": "127.0.0.1:0"}}
    async with Gateway(config_of(parts)) as gateway:
        first = gateway.admin_address
        assert first is not None
        port = free_port()
        await gateway.reload(config_of({**parts, "server": {"admin": f"127.0.0.1:{port}"}}))
        await retired(gateway)
        async with RawClient("127.0.0.1", port) as client:
            assert 200 == (await ask(client, "/readiness")).status
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*first)
        await gateway.reload(config_of({"routes": [says("one")]}))
        await retired(gateway)
        assert gateway.admin_address is None
