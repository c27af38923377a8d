"""A service whose targets come and go, over real sockets."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path
from typing import ClassVar

import pytest
import trustme

from tests.integration.discovery.told import CHANNELS, USE, Bench, Told, backends, config_of, fail, serving, soon, tell
from vizgate import BalancerConfig, Gateway, RoundRobin, StartFailed
from vizgate.extension.kinds.discovery import DiscoveredTarget
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.operations.operation import OperationRefused
from vizgate.pipeline.target_state import Block
from vizgate.testing import ManualClock


async def test_targets_that_come_are_asked_and_those_that_go_are_not() -> None:
    """Each change is one of the service alone, at once."""
    async with backends(3) as (a, b, c), serving({}) as bench:
        assert 503 == (await bench.ask())[0]
        tell(a.address)
        await bench.until(a.address)
        assert {a.address} == await bench.who(3)
        tell(a.address, b.address, c.address)
        await bench.until(a.address, b.address, c.address)
        assert {a.address, b.address, c.address} == await bench.who(6)
        tell(b.address)
        await bench.until(b.address)
        assert {b.address} == await bench.who(3)


async def test_requests_in_flight_finish_on_the_target_that_is_gone() -> None:
    """Nobody loses an answer; the connections to it are closed when they are not needed any more."""
    async with backends(2) as (a, b), serving({}) as bench:
        tell(a.address)
        await bench.until(a.address)
        await bench.ask()
        a.hold.clear()
        slow = asyncio.ensure_future(bench.ask())
        await soon(lambda: a.served == 2)
        tell(b.address)
        await bench.until(b.address)
        assert {b.address} == await bench.who(2)
        a.hold.set()
        assert (200, a.address) == (await slow)[:2]
        await soon(lambda: not a.connections)


async def test_target_that_stays_keeps_what_is_known_of_it() -> None:
    """Its connections, its ejection, its breaker: others that come and go change nothing."""
    service = {
        "health": {"passive": {"failures": 1, "max_ejected": 1.0}},
        "breaker": {"failure_rate": 0.5, "minimum_requests": 100},
    }
    async with backends(3) as (a, b, c), serving(service) as bench:
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        b.status = 500
        await bench.who(2)
        assert not (await bench.target(b.address))["fit"]
        states = {state.address: state for state in bench.gateway.state.targets.values()}
        machines = dict(bench.gateway.state.breakers)
        accepted = a.accepted
        tell(a.address, b.address, c.address)
        await bench.until(a.address, b.address, c.address)
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        assert {a.address} == await bench.who(4)
        assert accepted == a.accepted
        assert states == {state.address: state for state in bench.gateway.state.targets.values()}
        assert machines == bench.gateway.state.breakers
        assert Block.EJECTED == states[b.address].blocks


async def test_source_that_fails_leaves_the_last_targets_and_says_how_old_they_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also an answer with none; operators see what is wrong and since when."""
    async with backends(1) as (a,), serving({}) as bench:
        tell(a.address)
        await bench.until(a.address)
        tell()
        tell()
        await soon(CHANNELS["main"].empty)
        assert "the answer has no targets; the last ones are kept" == (await bench.service())["discovery"]["error"]
        fail("the registry is away")
        await soon(lambda: CHANNELS["main"].empty() and bench.gateway.state.feeds["api"].record.failures == 1)
        assert {a.address} == await bench.who(2)
        found = (await bench.service())["discovery"]
        assert found.pop("age_seconds") > 0
        assert {
            "source": "Told",
            "targets": 1,
            "error": "the registry is away",
            "failures": 1,
            "failures_in_a_row": 1,
        } == found
        metrics = (await bench.admin("/metrics"))[1]
        assert 'vizgate_discovery_targets{service="api"} 1.0' in metrics
        for outcome, count in (("changed", 1), ("empty", 2), ("failed", 1)):
            assert f'vizgate_discovery_answers_total{{outcome="{outcome}",service="api"}} {count}' in metrics
        assert 'vizgate_discovery_age_seconds{service="api"} ' in metrics
        caplog.set_level("INFO")
        tell(a.address)
        await soon(lambda: "service api: Told answers again, after 1 failures" in caplog.messages)
    assert 1 == sum("has no targets; the last ones are kept" in message for message in caplog.messages)
    assert "service api: no targets from Told: the registry is away; the last 1 serve on" in caplog.messages


async def test_answer_without_targets_counts_where_that_is_accepted() -> None:
    """``on_empty: accept`` goes on with none."""
    async with backends(1) as (a,), serving({"discovery": {"on_empty": "accept"}, "required": True}) as bench:
        assert 503 == (await bench.admin("/readiness"))[0]
        tell(a.address)
        await bench.until(a.address)
        assert 200 == (await bench.admin("/readiness"))[0]
        tell()
        await bench.until()
        assert (503, 503) == ((await bench.ask())[0], (await bench.admin("/readiness"))[0])


async def test_target_that_is_leaving_gets_no_new_clients() -> None:
    """Clients with its cookie stay as long as it answers; it is told apart from one that an operator drained."""
    async with backends(2) as (a, b), serving({"affinity": {"cookie": "SID"}}) as bench:
        tell(a.address)
        await bench.until(a.address)
        _, _, cookie = await bench.ask()
        ending = DiscoveredTarget(a.address.partition(":")[0], int(a.address.partition(":")[2]), is_leaving=True)
        tell(ending, b.address)
        await bench.until(a.address, b.address)
        assert {b.address} == await bench.who(3)
        assert a.address == (await bench.ask(cookie))[1]
        blocked = {target["target"]: target["blocked"] for target in (await bench.service())["targets"]}
        assert {a.address: ["leaving"], b.address: []} == blocked
        tell(a.address, b.address)
        await soon(lambda: all(t.state.is_fit for t in bench.gateway.plan.services["api"].targets.targets))
        assert {a.address, b.address} == await bench.who(4)


async def test_own_targets_stand_beside_those_that_are_found() -> None:
    """They are always there, for example as the last resort; an address that is in both is the configuration's."""
    async with backends(2) as (a, b):
        own = [{"url": f"http://{a.address}", "priority": 1}]
        async with serving({"targets": own, "discovery": {"on_empty": "accept"}}) as bench:
            assert {a.address} == await bench.who(2)
            tell(b.address, a.address)
            await bench.until(a.address, b.address)
            assert {b.address} == await bench.who(3)
            tell()
            await bench.until(a.address)
            assert {a.address} == await bench.who(2)


async def test_weights_of_a_source_act() -> None:
    """Under the default balancer, too, which otherwise looks at none."""
    async with backends(2) as (a, b), serving({}) as bench:
        host, port = b.address.split(":")
        tell(a.address, DiscoveredTarget(host, int(port), weight=3))
        await bench.until(a.address, b.address)
        answers = [(await bench.ask())[1] for _ in range(8)]
        assert (2, 6) == (answers.count(a.address), answers.count(b.address))


async def test_new_target_is_probed_at_once_and_others_in_their_turn() -> None:
    """A change of one does not make a thousand probes."""
    health = {"active": {"path": "/health", "interval": 60, "unhealthy_after": 1}}
    async with backends(2) as (a, b), serving({"health": health}) as bench:
        tell(a.address)
        await bench.until(a.address)
        await soon(lambda: a.served == 1)
        b.status = 500
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        await soon(lambda: b.served == 1)
        assert (1, 1) == (a.served, b.served)


async def test_service_that_cannot_be_made_leaves_the_old_one(
    tmp_path: Path, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is away, say: it is told once, and tried again with the next answer."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    async with backends(1) as (a,), serving({"tls": {"ca": ca}}) as bench:
        tell(a.address)
        await bench.until(a.address)
        ca.unlink()
        for _ in range(3):
            tell("https://10.0.0.1", a.address)
        record = bench.gateway.state.feeds["api"].record
        await soon(lambda: record.answers == 4 and bool(record.error))
        assert {a.address} == await bench.who(2)
        assert "the service cannot be made of it" in (await bench.service())["discovery"]["error"]
        assert 1 == sum("cannot be made" in line.getMessage() for line in caplog.records)
        authority.cert_pem.write_to_path(ca)
        tell("https://10.0.0.1", a.address)
        await bench.until("10.0.0.1:443", a.address)
        assert (await bench.service())["discovery"]["error"] is None


async def test_targets_are_verified_by_the_name_that_their_source_gives(tmp_path: Path, authority: trustme.CA) -> None:
    """A certificate is for the service, not for the address that it happens to have."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.internal").configure_cert(context)
    service = {"tls": {"ca": tmp_path / "ca.pem"}}
    async with backends(1, context) as (a,), serving(service) as bench:
        host, port = a.address.split(":")
        tell(DiscoveredTarget(host, int(port), "https"))
        await bench.until(a.address)
        assert 502 == (await bench.ask())[0]
        tell(DiscoveredTarget(host, int(port), "https", server_name="api.internal"))
        plan = bench.gateway.plan.services
        await soon(lambda: plan["api"].targets.targets[0].port.pool.endpoint.server_name == "api.internal")
        assert 200 == (await bench.ask())[0]


async def test_balancing_rule_of_ones_own_is_started_before_it_serves_and_stopped_after() -> None:
    """Each change makes a new one, as a reload does."""
    Ruled.events.clear()
    async with backends(2) as (a, b), serving({"balancer": {"use": f"{__name__}:Ruled"}}) as bench:
        tell(a.address)
        await bench.until(a.address)
        tell(b.address)
        await bench.until(b.address)
        assert {b.address} == await bench.who(2)
        await soon(lambda: Ruled.events.count("stop") == 2)
        assert 3 == Ruled.events.count("start")
    assert 3 == Ruled.events.count("stop")


class Ruled(RoundRobin):
    Config = BalancerConfig
    events: ClassVar[list[str]] = []

    async def start(self) -> None:
        await asyncio.sleep(0)
        self.events.append("start")

    async def stop(self) -> None:
        self.events.append("stop")


async def test_start_without_targets_is_refused_where_they_are_required() -> None:
    """``on_start: require``: the message names the service, the source and what is wrong; nothing is left running."""
    CHANNELS["main"] = asyncio.Queue()
    fail("the registry is away")
    source = {"kind": USE, "on_start": "require", "start_timeout": 0.05}
    with pytest.raises(StartFailed, match=r"service api: no targets from Told within 0.05 s: the registry is away"):
        await Gateway(config_of({"discovery": source})).start()
    assert 1 == len(asyncio.all_tasks())


async def test_start_waits_for_the_first_targets() -> None:
    """The first request finds them."""
    async with backends(1) as (a,):
        CHANNELS["main"] = asyncio.Queue()
        tell(a.address)
        async with Gateway(config_of({"discovery": {"kind": USE}})) as gateway:
            assert [a.address] == [t.state.address for t in gateway.plan.services["api"].targets.targets]


async def test_ten_thousand_changes_leave_nothing_behind() -> None:
    """States, pools, counters, tasks and watchers are those of the targets that are there."""
    service = {
        "health": {"passive": {}, "slow_start": 0.001},
        "breaker": {},
        "max_in_flight": 10,
        "affinity": {"cookie": "SID"},
    }
    async with serving(service, ManualClock(1.0)) as bench:
        size, record = (), bench.gateway.state.feeds["api"].record
        for number in range(10_000):
            tell(f"10.0.{number // 250}.{number % 250}:80")
            if number % 1000 == 999:
                await soon(lambda: record.answers == number + 1)  # noqa: B023  # it is asked at once
                size = size or sizes_of(bench)
                await soon(lambda: sizes_of(bench) == size)  # noqa: B023  # what the last change has replaced stops by itself
        assert (1,) * 5 == size[:5]
        assert len(asyncio.all_tasks()) < 10


def sizes_of(bench: Bench) -> tuple[int, ...]:
    """Of everything that is kept by target."""
    state = bench.gateway.state
    cells = state.metrics._cells  # there is no public count
    targets = bench.gateway.plan.services["api"].targets.targets
    return (
        *(len(part) for part in (state.pools, state.targets, state.breakers, state.watched, cells.targets)),
        sum(len(family.series) for family in cells.counters.values()),
        sum(len(target.state._watchers) for target in targets),
    )


async def test_change_among_a_thousand_targets_holds_up_the_loop_shortly() -> None:
    """It is made piece by piece: no piece takes long, with health, breaker and affinity, too. The measured number is in
    the decision record.
    """
    service = {"health": {"passive": {}}, "breaker": {}, "affinity": {"cookie": "SID"}, "balancer": "least_connections"}
    async with serving(service, ManualClock(1.0)) as bench:
        targets = [f"10.0.{n // 250}.{n % 250}:80" for n in range(1000)]
        tell(*targets)
        await bench.until(*targets)
        longest = [await longest_stop(bench, [f"10.9.9.{number}:80", *targets[1:]]) for number in range(5)]
        assert min(longest) < 0.05


async def longest_stop(bench: Bench, targets: list[str]) -> float:
    """How long the loop stands still at most, in seconds of CPU time, until these are the targets."""
    longest_s = 0.0
    plan = bench.gateway.plan.services
    tell(*targets)
    while {target.state.address for target in plan["api"].targets.targets} != set(targets):
        began_s = time.process_time()
        await asyncio.sleep(0)
        longest_s = max(longest_s, time.process_time() - began_s)
    return longest_s


class Strange(Told):
    """A stranger's source that does what none should."""

    async def watch(self):
        if not CHANNELS["main"].empty():
            CHANNELS["main"].get_nowait()
            raise SystemExit("out")
        yield ["10.0.0.1:80"]


async def test_source_that_does_what_none_should_is_contained(caplog: pytest.LogCaptureFixture) -> None:
    """It ends the program no more than any other request or plugin does; what it says wrong is a failure."""
    CHANNELS["main"] = asyncio.Queue()
    tell("10.0.0.1:80")
    source = {"kind": f"{__name__}:Strange", "start_timeout": 0.01}
    async with Gateway(config_of({"discovery": source})) as gateway:
        record = gateway.state.feeds["api"].record
        await soon(lambda: record.failures == 2)
        assert "its plugin failed" == record.error
    assert "SystemExit" in caplog.text


async def test_no_request_fails_while_targets_come_and_go() -> None:
    """A hundred changes under load, none of which anybody notices."""
    async with backends(4) as (a, b, c, d), serving({"health": {"passive": {}}}) as bench:
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        is_over = False

        async def ask() -> set[int]:
            seen: set[int] = set()
            while not is_over:
                seen.add((await bench.ask())[0])
            return seen

        clients = [asyncio.ensure_future(ask()) for _ in range(8)]
        pairs = [(a, b), (b, c), (c, d), (d, a), (a, c)]
        for number in range(100):
            await asyncio.sleep(0.005)
            tell(*(backend.address for backend in pairs[number % len(pairs)]))
        is_over = True
        assert {200} == set().union(*await asyncio.gather(*clients))
        assert all(backend.served for backend in (a, b, c, d))


async def test_drained_target_that_comes_back_is_still_drained() -> None:
    """Discovery may lose it for a moment, and that is no reason to ask it; it may be enabled while it is away."""
    async with backends(2) as (a, b), serving({}) as bench:
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        operator, named = LocalOperator(bench.gateway), {"service": "api", "target": b.address}
        await operator.perform("drain_target", named)
        for _ in range(2):
            tell(a.address)
            await bench.until(a.address)
            tell(a.address, b.address)
            await bench.until(a.address, b.address)
            assert ["drained"] == (await bench.target(b.address))["blocked"]
            assert {a.address} == await bench.who(4)
        tell(a.address)
        await bench.until(a.address)
        await operator.perform("enable_target", named)
        with pytest.raises(OperationRefused):
            await operator.perform("enable_target", named)
        tell(a.address, b.address)
        await bench.until(a.address, b.address)
        assert {a.address, b.address} == await bench.who(4)
