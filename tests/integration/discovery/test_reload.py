"""Sources over a reload of the configuration."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.discovery.told import (
    CHANNELS,
    USE,
    Bench,
    Told,
    backends,
    config_of,
    fail,
    serving,
    soon,
    tell,
)
from vizgate import Gateway, GatewayConfig, StartFailed, VizgateError

SOURCE = {"kind": USE, "start_timeout": 0.01}


async def reload(bench: Bench, discovery: dict, **service) -> None:
    await bench.gateway.reload(config_of({"discovery": discovery, **service}, server=bench.gateway.config.server))


async def test_source_goes_on_where_its_settings_are_the_same() -> None:
    """Its targets, their state and connections, and its age are those of before; it is not asked anew."""
    async with backends(2) as (a, b), serving({}) as bench:
        tell(a.address)
        await bench.until(a.address)
        await bench.ask()
        feed, states, pools = bench.gateway.state.feeds["api"], dict(bench.gateway.state.targets), a.accepted
        await reload(bench, SOURCE, timeouts={"response": 7})
        assert [a.address] == [t.state.address for t in bench.gateway.plan.services["api"].targets.targets]
        assert {a.address} == await bench.who(2)
        assert (feed, states) == (bench.gateway.state.feeds["api"], bench.gateway.state.targets)
        assert pools == a.accepted
        tell(b.address)
        await bench.until(b.address)
        assert {b.address} == await bench.who(2)


async def test_other_source_takes_over_with_what_it_says() -> None:
    """Targets that both know keep their state; the old source is stopped."""
    async with backends(3) as (a, b, c), serving({}) as bench:
        CHANNELS["other"] = asyncio.Queue()
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        kept = bench.gateway.state.targets["api", b.address, 1]
        tell(b.address, c.address, channel="other")
        await reload(bench, {**SOURCE, "channel": "other"})
        await bench.until(b.address, c.address)
        assert kept is bench.gateway.state.targets["api", b.address, 1]
        assert {b.address, c.address} == await bench.who(4)
        await soon(lambda: len(CHANNELS["main"]._getters) == 0)  # nobody listens there any more
        tell(a.address, channel="other")
        await bench.until(a.address)


async def test_other_source_without_an_answer_has_no_targets() -> None:
    """What another one has said is not this one's word."""
    async with backends(1) as (a,), serving({}) as bench:
        CHANNELS["other"] = asyncio.Queue()
        tell(a.address)
        await bench.until(a.address)
        await reload(bench, {**SOURCE, "channel": "other"})
        await bench.until()
        assert 503 == (await bench.ask())[0]


async def test_reload_that_finds_no_required_targets_changes_nothing() -> None:
    """What serves goes on, and its source with it."""
    async with backends(2) as (a, b), serving({}) as bench:
        CHANNELS["other"] = asyncio.Queue()
        tell(a.address)
        await bench.until(a.address)
        fail("no such service", channel="other")
        with pytest.raises(VizgateError, match="no such service"):
            await reload(bench, {**SOURCE, "channel": "other", "on_start": "require"})
        assert {a.address} == await bench.who(2)
        tell(b.address)
        await bench.until(b.address)
        await soon(lambda: len(CHANNELS["other"]._getters) == 0)


async def test_service_may_stop_to_be_discovered() -> None:
    """And begin again."""
    async with backends(2) as (a, b), serving({}) as bench:
        tell(a.address)
        await bench.until(a.address)
        static = config_of({"targets": [f"http://{b.address}"]}, server=bench.gateway.config.server)
        await bench.gateway.reload(static)
        assert {b.address} == await bench.who(2)
        assert {} == bench.gateway.state.feeds
        await soon(lambda: len(CHANNELS["main"]._getters) == 0)
        tell(a.address)
        await reload(bench, SOURCE)
        await bench.until(a.address)
        assert {a.address} == await bench.who(2)


async def test_reload_while_many_targets_are_being_taken() -> None:
    """What is made piece by piece meanwhile is made again of what is there then."""
    async with backends(2) as (a, b), serving({"breaker": {}}) as bench:
        tell(a.address)
        await bench.until(a.address)
        many = [f"10.0.0.{n}:80" for n in range(200)]
        tell(a.address, *many)
        for _ in range(5):
            await asyncio.sleep(0)
            await reload(bench, SOURCE, breaker={"minimum_requests": 30})
        await bench.until(a.address, *many)
        tell(b.address)
        await bench.until(b.address)
        assert {b.address} == await bench.who(3)
        assert {b.address} == {state.address for state in bench.gateway.state.targets.values()}


async def test_many_sources_that_do_not_answer_are_waited_for_together() -> None:
    """A start takes as long as the slowest, not as all of them."""
    CHANNELS["main"] = asyncio.Queue()
    services = {f"s{n}": {"discovery": {"kind": USE, "start_timeout": 0.1}} for n in range(20)}
    config = GatewayConfig.model_validate(
        {
            "server": {"listen": "127.0.0.1:0", "admin": None},
            "services": services,
            "routes": [{"match": {"path": "/*"}, "service": "s1"}],
            "observe": {"access_log": {"format": "off"}},
        }
    )
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with Gateway(config):
        assert loop.time() - began_s < 1.5


async def test_start_of_a_source_that_fails_is_told() -> None:
    """As of any component."""
    with pytest.raises(StartFailed, match="cannot even begin"):
        await _start({"kind": f"{__name__}:Broken"})


async def _start(source: dict) -> None:
    async with Gateway(config_of({"discovery": source})):
        pass


class Broken(Told):
    async def start(self) -> None:
        raise RuntimeError("cannot even begin")


async def test_gateway_may_be_started_again() -> None:
    """As an ASGI lifespan is entered more than once: its sources begin again, with what they knew."""
    CHANNELS["main"] = asyncio.Queue()
    gateway = Gateway(config_of({"discovery": {**SOURCE, "start_timeout": 0.05}}))
    for told, wanted in [([], []), (["10.0.0.1:80"], ["10.0.0.1:80"]), ([], ["10.0.0.1:80"])]:
        async with gateway:
            if told:
                tell(*told)
            plan = gateway.plan.services
            await soon(lambda: len(plan["api"].targets.targets) == len(wanted))  # noqa: B023  # it is asked at once
            assert wanted == [target.state.address for target in plan["api"].targets.targets]
        assert not CHANNELS["main"]._getters
