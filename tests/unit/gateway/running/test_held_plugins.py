"""Sinks and background services of a gateway: when they run, and what outlives a configuration."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from vizgate import (
    BackgroundConfig,
    BackgroundService,
    Context,
    PluginError,
    RequestRecord,
    Sink,
    SinkConfig,
    StartFailed,
    load_text,
)
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.rehearsal import Rehearsal
from vizgate.gateway.running.held_plugins import HeldPlugins
from vizgate.gateway.state import GatewayState
from vizgate.testing import MemoryClient

LIFE: list[str] = []


class Noting(Sink):
    """Notes its life and what it is given."""

    class Config(SinkConfig):
        name: str = "sink"

    async def start(self) -> None:
        LIFE.append(f"{self.config.name} starts")

    async def take(self, records: Sequence[RequestRecord]) -> None:
        LIFE.extend(f"{self.config.name} takes {record.status}" for record in records)

    async def stop(self) -> None:
        LIFE.append(f"{self.config.name} stops")


class Serving(BackgroundService):
    """Notes its life."""

    class Config(BackgroundConfig):
        name: str = "service"
        unready: str = ""

    async def start(self) -> None:
        LIFE.append(f"{self.config.name} starts")
        self.unready = self.config.unready

    async def run(self) -> None:
        LIFE.append(f"{self.config.name} runs")
        try:
            await asyncio.Event().wait()
        finally:
            LIFE.append(f"{self.config.name} ends")

    async def stop(self) -> None:
        LIFE.append(f"{self.config.name} stops")


class Alone(Serving):
    once = True


class Unmakeable(Serving):
    def __init__(self, config: Any, context: Context | None = None) -> None:
        raise ValueError(config)


class Unstartable(Serving):
    async def start(self) -> None:
        raise OSError("no such thing")


@pytest.fixture(autouse=True)
def _forget() -> None:
    LIFE.clear()


def text(plugins: Sequence[dict[str, Any]] = (), sinks: Sequence[dict[str, Any]] = ()) -> str:
    named = [{**entry, "use": f"{__name__}:{entry['use']}"} for entry in plugins]
    named_sinks = [{**entry, "use": f"{__name__}:{entry['use']}", "every": "1ms"} for entry in sinks]
    return json.dumps({
        "version": 1,
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"match": {"path": "/*"}, "service": "echo"}],
        "plugins": named,
        "observe": {"sinks": named_sinks},
    })  # fmt: skip


def held(state: GatewayState, configuration: str, before: HeldPlugins | None = None) -> HeldPlugins:
    return HeldPlugins.made(load_text(configuration), state, Registry(BUILTIN), state.store, before)


async def test_plugins_run_as_long_as_the_gateway() -> None:
    """Sinks start first and stop last, and are given what there was; services run in between."""
    async with MemoryClient(text([{"use": "Serving"}], [{"use": "Noting"}])) as client:
        await client.get("/")
        await asyncio.sleep(0)
    started, ended = LIFE[:3], LIFE[3:]
    assert ["sink starts", "service starts", "service runs"] == started
    assert ["service ends", "service stops", "sink takes 200", "sink stops"] == ended


async def test_unready_service_shows_in_readiness() -> None:
    """The reason is told with the plugin; requests are served all the same."""
    async with MemoryClient(text([{"use": "Serving", "unready": "warming up"}])) as client:
        reply = client.gateway.state.health.readiness()
        told = {"status": "unavailable", "plugins": {f"{__name__}:Serving": "warming up"}}
        assert (503, told) == (reply.status, json.loads(reply.body))
        assert 200 == (await client.get("/")).status
    async with MemoryClient(text([{"use": "Serving"}])) as client:
        assert 200 == client.gateway.state.health.readiness().status


@pytest.mark.parametrize(("worker", "runs"), [(0, True), (1, True), (2, False)])
async def test_service_that_runs_once_is_in_the_first_worker(worker: int, *, runs: bool) -> None:
    """The others do not even make it."""
    plugins = held(GatewayState(worker=worker), text([{"use": "Alone"}]))
    await plugins.enter()
    plugins.begin()
    await plugins.leave()
    assert runs == bool(LIFE)


async def test_equal_settings_go_on_and_others_are_made_anew() -> None:
    """A reload touches what it changes: by settings, also where several are equal."""
    state = GatewayState()
    first = held(state, text([{"use": "Serving"}, {"use": "Serving"}, {"use": "Serving", "name": "old"}]))
    await first.enter()
    first.begin()
    await asyncio.sleep(0)
    LIFE.clear()
    second = held(state, text([{"use": "Serving", "name": "new"}, {"use": "Serving"}, {"use": "Serving"}]), first)
    await second.enter()
    second.begin()
    await first.leave()
    await asyncio.sleep(0)
    assert ["new starts", "new runs", "old ends", "old stops"] == LIFE
    await second.leave()
    stops = ["service ends", "service stops", "service ends", "service stops", "new ends", "new stops"]
    assert stops == LIFE[4:]


async def test_service_ends_when_another_configuration_serves() -> None:
    """Requests of the old one may go on for long; its services do not, unless the new one has them, too."""
    state = GatewayState()
    first = held(state, text([{"use": "Serving"}, {"use": "Serving", "name": "old"}]))
    await first.enter()
    first.begin()
    await asyncio.sleep(0)
    second = held(state, text([{"use": "Serving"}]), first)
    await second.enter()
    second.begin()
    LIFE.clear()
    await first.end()
    assert ["old ends"] == LIFE
    await first.leave()
    await second.end()
    await second.leave()
    assert ["old ends", "old stops", "service ends", "service stops"] == LIFE


async def test_reload_changes_plugins_and_keeps_those_that_are_as_they_were() -> None:
    """A sink that both have misses no request, and one that is new gets the next one."""
    kept = {"use": "Noting", "name": "kept"}
    async with MemoryClient(text([{"use": "Serving", "name": "old"}], [kept])) as client:
        await client.get("/")
        await asyncio.sleep(0)
        more = text([{"use": "Serving", "name": "new"}], [kept, {"use": "Noting", "name": "more"}])
        await client.gateway.reload(load_text(more))
        await client.get("/")
        for _ in range(10):
            await asyncio.sleep(0)
    assert {"kept starts": 1, "kept takes 200": 2, "kept stops": 1} == counted("kept")
    assert {"more starts": 1, "more takes 200": 1, "more stops": 1} == counted("more")
    assert LIFE.index("new starts") < LIFE.index("old ends") < LIFE.index("new ends")


def counted(name: str) -> dict[str, int]:
    return dict(Counter(line for line in LIFE if line.startswith(name)))


async def test_plugins_that_lean_on_another_store_are_made_anew() -> None:
    """What they lean on would be stopped under them."""
    state = GatewayState()
    first = held(state, text([{"use": "Serving"}]))
    state.store = GatewayState().store
    other: Any = object()
    config, registry = load_text(text([{"use": "Serving"}])), Registry(BUILTIN)
    again = HeldPlugins.made(config, state, registry, other, first)
    assert {} == first.leaning_on(other)
    assert 1 == len(again.leaning_on(other))


async def test_abandoned_configuration_stops_what_it_started() -> None:
    """A start that fails leaves nothing running, and what the others use goes on."""
    state = GatewayState()
    first = held(state, text([{"use": "Serving"}]))
    await first.enter()
    LIFE.clear()
    entries = [{"use": "Serving"}, {"use": "Serving", "name": "new"}, {"use": "Unstartable", "name": "bad"}]
    second = held(state, text(entries), first)
    with pytest.raises(StartFailed, match=r"service .*:Unstartable failed to start: OSError: no such thing"):
        await second.enter()
    await second.leave()
    assert ["new starts", "bad stops", "new stops"] == LIFE
    await first.leave()


def test_service_that_cannot_be_made_is_found_by_a_check() -> None:
    """``vizgate check`` makes what it does not start."""
    with pytest.raises(PluginError, match="Unmakeable cannot be made: its __init__ raised ValueError"):
        Rehearsal(load_text(text([{"use": "Unmakeable"}])), Registry(BUILTIN))


async def test_rehearsal_runs_neither_sinks_nor_services() -> None:
    """It reaches no network and leaves nothing."""
    config = load_text(text([{"use": "Serving"}], [{"use": "Noting"}]))
    async with Rehearsal(config, Registry(BUILTIN)) as rehearsal:
        assert 200 == (await rehearsal.send("GET", "http://localhost/")).status
    assert [] == LIFE
