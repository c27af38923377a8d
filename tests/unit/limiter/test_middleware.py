"""``limit:`` of a route, with stores that answer at once, later, or not at all."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from tests.unit.limiter.stores import LocalStore, RemoteStore, until
from vizgate import Request, Response
from vizgate.extension.contract import Context
from vizgate.limiter.config import LimitConfig
from vizgate.limiter.limit import Limit
from vizgate.limiter.middleware import LimitMiddleware
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock

SAMPLE = {
    "tiers": {
        "anonymous": {"rate": "100/minute", "burst": 20, "key": "ip"},
        "authenticated": {"rate": "1000/minute", "key": "user"},
        "premium": {"rate": "10000/minute", "key": "user"},
    }
}


class Gate:
    """A middleware with limits, and the requests it is given. ``reached``: those that went on."""

    def __init__(self, store: LocalStore, /, **limits: dict) -> None:
        self.store = store
        self.metrics = Metrics()
        self.reached: list[Request] = []
        self.fields: list[tuple[bytes, bytes]] = []
        self.answer = asyncio.Event()
        self.answer.set()
        contexts = {name: Context(name=name, clock=store.clock, store=store, metrics=self.metrics) for name in limits}
        self.limits = [Limit(LimitConfig(**config), contexts[name]) for name, config in limits.items()]
        self.middleware = LimitMiddleware(self.limits, next(iter(contexts.values())))

    async def forward(self, request: Request) -> Response:
        self.reached.append(request)
        await self.answer.wait()
        return Response(200, Headers([*self.fields]), local=False)

    def request(self, client: str = "192.0.2.1", identity: Identity | None = None) -> Request:
        request = Request("GET", b"/", Headers(), client=client, id="id-1")
        request.identity = identity
        return request

    async def send(self, client: str = "192.0.2.1", identity: Identity | None = None) -> Response:
        """The answer to a request that has ended."""
        request = self.request(client, identity)
        response = await self.middleware(request, self.forward)
        end(request)
        return response

    async def passed(self, count: int, **who) -> int:
        """How many of *count* requests, one after the other, went on."""
        return sum([(await self.send(**who)).status == 200 for _ in range(count)])

    def counted(self, name: str, outcome: str, tier: str = "") -> int:
        return self.metrics.counters("limit_decisions", "", ("limit", "tier", "outcome")).of(name, tier, outcome).value


def end(request: Request) -> None:
    for callback in request.take_callbacks():
        callback()


def told(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if "atelimit" in name.lower() or "fter" in name}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["local", "future", "coroutine"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> LocalStore:
    if request.param == "local":
        return LocalStore(clock)
    return RemoteStore(clock, answers=asyncio.ensure_future if request.param == "future" else lambda answer: answer)


async def test_tiers_of_the_sample(store):
    """20 at once per address without an identity, 1,000 per user, 10,000 per premium user."""
    gate = Gate(store, standard=SAMPLE)
    assert 20 == await gate.passed(30)
    assert 20 == await gate.passed(30, client="192.0.2.2")
    assert 1000 == await gate.passed(1010, identity=Identity("a"))
    assert 1000 == await gate.passed(1010, identity=Identity("b", tier="gold"))
    assert 0 == await gate.passed(10, identity=Identity("a"), client="192.0.2.9")
    assert 10_000 == await gate.passed(10_005, identity=Identity("a", tier="premium"))
    assert 10 == gate.counted("standard", "refused", "anonymous") - 10
    assert 10_000 == gate.counted("standard", "allowed", "premium")


async def test_fields_of_an_allowed_answer_tell_what_is_left(store):
    """Every answer tells limit, rest and reset, in both forms; an upstream's own of these names are gone."""
    gate = Gate(store, standard=SAMPLE)
    gate.fields = [(b"ratelimit", b"x"), (b"X-RateLimit-Limit", b"7"), (b"RateLimit-Policy", b"y"), (b"A", b"b")]
    response = await gate.send()
    assert {
        "RateLimit-Policy": '"standard";q=100;w=60',
        "RateLimit": '"standard";r=19;t=1',
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "19",
        "X-RateLimit-Reset": "1",
    } == told(response)
    assert "b" == response.headers["A"]


@pytest.mark.parametrize(
    ("limit", "policy"),
    [
        ({"rate": "5/s"}, "q=5;w=1"),
        ({"rate": "10/100ms"}, "q=100;w=1"),
        ({"rate": "5/1.5s", "algorithm": "fixed_window"}, "q=10;w=3"),
        ({"rate": "7/d", "algorithm": "sliding_window"}, "q=7;w=86400"),
        ({"algorithm": "quota", "quota": 9, "per": "month"}, "q=9"),
    ],
)
async def test_policy_tells_the_count_in_whole_seconds(store, limit, policy):
    """A window is told in whole seconds; a month, which has no length of its own, is not told."""
    response = await Gate(store, it=limit).send()
    assert f'"it";{policy}' == response.headers["RateLimit-Policy"]


async def test_refusal_is_a_problem_with_the_second_of_the_retry(store, clock):
    """A refused request gets 429 and does not go on; at the second that is told it passes, before it does not."""
    gate = Gate(store, login={"rate": "5/minute", "burst": 2})
    await gate.passed(2)
    response = await gate.send()
    assert 429 == response.status
    assert 2 == len(gate.reached)
    assert {
        "RateLimit-Policy": '"login";q=5;w=60',
        "RateLimit": '"login";r=0;t=12',
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "12",
        "Retry-After": "12",
    } == told(response)
    document = json.loads(response.body.data)
    assert "Limit login (5/minute, 2 at once) is used up." == document["detail"]
    assert "id-1" == document["request_id"]
    clock.advance(11)
    assert "1" == (await gate.send()).headers["Retry-After"]
    clock.advance(1)
    assert 1 == await gate.passed(2)


async def test_several_limits_must_all_pass_and_the_tightest_is_told(store, clock):
    """The one with least left is told; a refusal by one gives back what the others have spent."""
    gate = Gate(store, burst={"rate": "3/s"}, daily={"algorithm": "quota", "quota": 5, "per": "day"})
    assert '"burst";r=2;t=1' == (await gate.send()).headers["RateLimit"]
    assert 2 == await gate.passed(50)
    refused = await gate.send()
    assert ('"burst";r=0;t=1', "1") == (refused.headers["RateLimit"], refused.headers["Retry-After"])
    clock.advance(1)
    response = await gate.send()
    assert '"daily";r=1;t=86399' == response.headers["RateLimit"]
    assert '"daily";q=5;w=86400' == response.headers["RateLimit-Policy"]
    assert 1 == await gate.passed(2)
    assert "86399" == (await gate.send()).headers["Retry-After"]


async def test_two_refusals_tell_the_later_retry(store):
    """When two refuse, the retry passes when the second of them lets it."""
    gate = Gate(store, one={"rate": "1/minute"}, two={"rate": "1/hour"}, three={"rate": "10/s"})
    await gate.send()
    response = await gate.send()
    assert ("3600", '"two";r=0;t=3600') == (response.headers["Retry-After"], response.headers["RateLimit"])


async def test_cost_is_spent_at_once(store):
    """A request of cost 3 takes three tokens."""
    gate = Gate(store, heavy={"rate": "10/minute", "cost": 3})
    assert 3 == await gate.passed(5)


@pytest.mark.parametrize(
    ("value", "left"),
    [(b"7", 3), (b"1", 9), (b"0", 10), (b"-5", 9), (b"1e3", 9), (b"", 9), (b"9" * 10, 9), (b" 7", 9), (b"100", 0)],
)
async def test_cost_that_the_response_tells_is_charged_after_it(store, value, left):
    """The response's number is what is spent, anything else counts 1, and the field does not reach the client."""
    gate = Gate(store, tokens={"rate": "10/minute", "cost": "response:X-Cost"})
    gate.fields = [(b"x-cost", value), (b"X-COST", b"4")]
    response = await gate.send()
    assert str(left) == response.headers["X-RateLimit-Remaining"]
    assert "X-Cost" not in response.headers


async def test_debt_of_a_response_keeps_later_requests_out(store, clock):
    """A request goes on as long as anything is left, whatever it will cost; then the debt comes first."""
    gate = Gate(store, tokens={"rate": "10/s", "cost": "response:X-Cost"})
    gate.fields = [(b"X-Cost", b"25")]
    assert 200 == (await gate.send()).status
    refused = await gate.send()
    assert (429, "2") == (refused.status, refused.headers["Retry-After"])
    clock.advance(2)
    assert 200 == (await gate.send()).status


async def test_store_that_fails_lets_through_or_refuses_as_told(store, clock, caplog):
    """`allow` serves without counting, `deny` answers 503; both are counted, and told in the log now and then."""
    store.fails = True
    open_, shut = Gate(store, a={"rate": "1/s"}), Gate(store, b={"rate": "1/s", "on_store_failure": "deny"})
    with caplog.at_level(logging.WARNING, "vizgate"):
        for _ in range(3):
            response = await open_.send()
            assert (200, {}) == (response.status, told(response))
            response = await shut.send()
            assert (503, {"Retry-After": "1"}) == (response.status, told(response))
    assert [
        "limit a cannot count, requests are let through: the store is away",
        "limit b cannot count, requests are refused: the store is away",
    ] == caplog.messages
    assert 3 == open_.counted("a", "store_failed_allowed") == shut.counted("b", "store_failed_refused")
    clock.advance(5)
    await open_.send()
    assert 3 == len(caplog.messages)
    store.fails = False
    assert [200, 429] == [(await open_.send()).status for _ in range(2)]


@pytest.mark.parametrize(
    "result",
    [(), (1.0,), (1.0, 2.0, 3.0), (float("nan"),) * 5, (1.0, *[float("inf")] * 4), (0.0, *[-5.0] * 4), (1e300,) * 5],
)
@pytest.mark.parametrize(
    "algorithm", [{"rate": "5/s"}, {"algorithm": "concurrency", "in_flight": 5}], ids=["rate", "places"]
)
async def test_store_that_keeps_something_else_fails_as_one_that_is_away(clock, result, algorithm):
    """A Redis whose keys others have written, or that is another server, is no reason for 500 or odd fields."""

    async def answered(program, key, arguments):
        return result

    store = RemoteStore(clock)
    store.run = answered
    for settings, status in (({}, 200), ({"on_store_failure": "deny"}, 503)):
        gate = Gate(store, a={**algorithm, **settings})
        response = await gate.send()
        assert status == response.status
        assert {} == {name: value for name, value in told(response).items() if name != "Retry-After"}


async def test_cost_told_to_a_store_that_keeps_something_else_is_given_up(clock):
    """What cannot be charged leaves the answer as it is."""
    store = RemoteStore(clock)
    gate = Gate(store, a={"rate": "5/s", "cost": "response:X-Cost"})
    gate.fields = [(b"X-Cost", b"3")]

    async def garbled(program, key, arguments):
        return await RemoteStore._run(store, program, key, arguments) if arguments[1] == 0.0 else ()

    store.run = garbled
    assert (200, "4") == ((response := await gate.send()).status, response.headers["X-RateLimit-Remaining"])


async def test_store_failure_of_one_limit_leaves_the_others(store):
    """A limit that can count still counts, and refuses, when another cannot."""
    gate = Gate(store, a={"rate": "1/s"}, b={"rate": "1/s", "on_store_failure": "deny"})
    await gate.send()
    gate.limits[1].context.store.fails = False
    assert 429 == (await gate.send()).status


async def test_concurrency_counts_what_is_in_flight(store):
    """A request holds its place until it has ended, however it ends, and gives it back once."""
    gate = Gate(store, parallel={"algorithm": "concurrency", "in_flight": 2, "key": "route"})
    gate.answer.clear()
    requests = [gate.request() for _ in range(2)]
    sent = [asyncio.ensure_future(gate.middleware(request, gate.forward)) for request in requests]
    await until(lambda: len(gate.reached) >= 2)
    refused = await gate.send()
    assert (429, "1") == (refused.status, refused.headers["Retry-After"])
    assert '"parallel";q=2;qu="concurrent-requests"' == refused.headers["RateLimit-Policy"]
    assert ('"parallel";r=0', "1") == (refused.headers["RateLimit"], refused.headers["X-RateLimit-Reset"])
    assert "Limit parallel (2 at a time) is used up." == json.loads(refused.body.data)["detail"]
    sent[0].cancel()
    await asyncio.wait([sent[0]])
    end(requests[0])
    end(requests[0])
    gate.answer.set()
    assert 1 == await gate.passed(1)
    assert '"parallel";r=0' == (await sent[1]).headers["RateLimit"]
    end(requests[1])
    places = gate.limits[0].places
    await places.stop()
    assert ({}, 0) == (store.cells, len(places))


async def test_concurrency_place_of_a_client_that_leaves_while_the_store_is_asked_is_given_back(clock):
    """A place that the store gives after the client has gone is not lost."""
    store = RemoteStore(clock)
    gate = Gate(store, other={"rate": "10/s"}, parallel={"algorithm": "concurrency", "in_flight": 1})
    store.goes_on.clear()
    leaving = asyncio.ensure_future(gate.send())
    await until(lambda: len(store.runs) >= 2)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert 2 == len(store.cells)
    store.goes_on.set()
    await until(lambda: len(store.cells) <= 1)
    assert 1 == await gate.passed(1)
    await gate.limits[1].places.stop()


async def test_client_that_leaves_while_the_store_is_asked_leaves_nothing_waiting(store):
    """Answers of a store that nobody waits for any more are let go of."""
    gate = Gate(store, a={"rate": "10/s"}, b={"rate": "10/s"})
    if store.is_local:
        return
    store.goes_on.clear()
    leaving = asyncio.ensure_future(gate.send())
    for _ in range(5):
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()


async def test_refused_request_gives_back_the_place_it_had(store):
    """A request that another limit refuses holds no place."""
    gate = Gate(store, rate={"rate": "1/hour"}, parallel={"algorithm": "concurrency", "in_flight": 1})
    assert [200, 429, 429] == [(await gate.send()).status for _ in range(3)]
    await gate.limits[1].places.stop()
    assert 1 == len(store.cells)


async def test_million_clients_are_the_business_of_the_store(clock):
    """A limit itself keeps nothing about those it counts."""
    store = LocalStore(clock)
    gate = Gate(store, standard=SAMPLE)
    for number in range(1000):
        await gate.send(client=f"10.0.{number // 256}.{number % 256}")
    assert 1000 == len(store.cells)
    assert all(len(key) < 64 for key in store.cells)
    assert {"_anonymous", "_lines", "_others", "_quiet_until_s", "config", "configured", "context", "cost"} | {
        "cost_field", "lets_pass_unasked", "name", "places"
    } == set(vars(gate.limits[0]))  # fmt: skip
