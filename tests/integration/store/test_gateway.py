"""A whole gateway and its store, over real sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import Door, DoorFactory, gateway_of
from tests.integration.redis_server import RedisServer
from tests.integration.store.counting import DictStore
from vizgate import Gateway, StartFailed, load_text
from vizgate.extension.contract import Context
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.rehearsal import Rehearsal
from vizgate.testing import ManualClock, check_store
from vizgate.testing.raw_client import RawClient

COUNTING = {"use": "tests.integration.store.counting:Counting", "most": 3}


def parts(store: Any, **server: Any) -> dict[str, Any]:
    """A gateway that answers three requests, as far as its store can tell."""
    return {
        "server": server,
        "store": store,
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"match": {"path": "/"}, "service": "echo", "middleware": [COUNTING]}],
    }


async def statuses(door: Door, number: int) -> list[int]:
    found = []
    for _ in range(number):
        async with door.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            found.append((await client.read_response()).status)
    return found


async def test_gateway_memory_store_counts(door: DoorFactory) -> None:
    """What middleware counts in the store holds for every request of the gateway."""
    async with door(parts("memory")) as gateway:
        assert [200, 200, 200, 429] == await statuses(gateway, 4)


async def test_gateways_on_one_shared_file_count_together(door: DoorFactory, tmp_path: Path) -> None:
    """Two gateways of one machine, and the next one after a restart, have one budget."""
    store = {"kind": "shared", "path": str(tmp_path / "table"), "keys": 1000}
    async with door(parts(store)) as one, door(parts(store)) as two:
        assert [200, 200] == await statuses(one, 2)
        assert [200, 429] == await statuses(two, 2)
    async with door(parts(store)) as again:
        assert [429] == await statuses(again, 1)


@pytest.mark.system
async def test_gateways_on_one_redis_count_together(door: DoorFactory, redis_server: RedisServer) -> None:
    """Gateways of several machines have one budget, too."""
    async with door(parts(redis_server.url)) as one, door(parts(redis_server.url)) as two:
        assert [200, 200] == await statuses(one, 2)
        assert [200, 429] == await statuses(two, 2)


@pytest.mark.system
async def test_gateway_tells_of_its_store_in_metrics(redis_server: RedisServer, tmp_path: Path) -> None:
    """Operations, failures and connections can be watched; a Redis that dies is no failure of the gateway."""
    async with gateway_of(tmp_path / "log", parts(redis_server.url, admin="127.0.0.1:0")) as gateway:
        door = Door(gateway.addresses[0][1], tmp_path / "log")
        assert [200] == await statuses(door, 1)
        redis_server.kill()
        while 500 not in await statuses(door, 1):  # the middleware of this test does not handle it
            continue
        port = gateway.admin_address[1]
        async with RawClient("127.0.0.1", port) as client:
            await client.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            text = (await client.read_response()).body.decode()
    assert 'vizgate_store_operations_total{outcome="asked"}' in text
    assert 'vizgate_store_operations_total{outcome="failed_at_once"}' in text
    assert 'vizgate_store_connections_total{outcome="opened"} 1' in text


async def test_gateway_memory_store_persists_over_a_restart(door: DoorFactory, tmp_path: Path) -> None:
    """A budget that was used up before a restart stays used up."""
    store = {"kind": "memory", "persist": str(tmp_path / "counters")}
    async with door(parts(store)) as gateway:
        assert [200, 200, 200] == await statuses(gateway, 3)
    async with door(parts(store)) as again:
        assert [429] == await statuses(again, 1)


async def test_gateway_store_of_a_plugin_is_used(door: DoorFactory) -> None:
    """A class of one's own stands where a built-in would, with settings that are checked at load."""
    store = {"kind": "tests.integration.store.counting:DictStore", "room": 10}
    async with door(parts(store)) as gateway:
        assert [200, 200, 200, 429] == await statuses(gateway, 4)


async def test_store_of_a_plugin_meets_the_contract() -> None:
    """The author of a store tests it with the same suite as the built-in ones."""
    clock = ManualClock()

    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    await check_store(DictStore(DictStore.Config(room=100), Context(clock=clock)), wait=wait)


def test_store_of_a_plugin_with_wrong_settings_is_refused_with_its_place() -> None:
    """What the class of a store says about its settings is told like everything else."""
    text = "store:\n  kind: tests.integration.store.counting:DictStore\n  room: none\n"
    with pytest.raises(Exception, match=r"<text>:3:9 store\.room: "):
        load_text(text, resolve=Registry(BUILTIN).resolve)


async def test_gateway_with_a_store_it_cannot_have_does_not_start(tmp_path: Path) -> None:
    """A file that is something else stops the start, and the error names it."""
    (tmp_path / "table").write_text("mine")
    text = json.dumps({"server": {"admin": "off"}, **parts({"kind": "shared", "path": str(tmp_path / "table")})})
    with pytest.raises(StartFailed, match=r"store SharedStore failed to start: store\.path: '.*table' is no table"):
        await Gateway.from_text(text).start()


async def test_rehearsal_counts_in_memory_and_leaves_nothing(tmp_path: Path) -> None:
    """`vizgate check` needs no Redis and writes no file: it counts for itself, anew each time."""
    for store in ("redis://127.0.0.1:1/0", {"kind": "memory", "persist": str(tmp_path / "counters")}):
        config = load_text(json.dumps(parts(store)), environment={})
        for _ in range(2):
            async with Rehearsal(config, Registry(BUILTIN)) as rehearsal:
                found = [(await rehearsal.send("GET", "http://a/")).status for _ in range(4)]
            assert [200, 200, 200, 429] == found
    assert [] == list(tmp_path.glob("*"))  # noqa: ASYNC240  # at the end, nobody waits


async def test_store_of_the_example_meets_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What examples/own-store shows is a store that can be relied on."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "examples" / "own-store"))
    kind = Registry(BUILTIN).resolve_store("my_store:SqliteStore")
    await check_store(kind(kind.Config(file=tmp_path / "counters"), Context()))
