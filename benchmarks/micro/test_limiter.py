"""What a decision of a limiter costs, by rule, and what the whole layer adds to a request."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate import FixedWindow, SlidingWindow, TokenBucket
from vizgate.clock import SystemClock
from vizgate.extension.contract import Context
from vizgate.limiter import rules
from vizgate.limiter.config import LimitConfig
from vizgate.limiter.limit import Limit
from vizgate.limiter.middleware import LimitMiddleware
from vizgate.limiter.rules import Rule
from vizgate.message.headers import Headers
from vizgate.message.template import FieldTemplate
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.store.memory import MemoryStore
from vizgate.units import parse_rate

KEYS = [b"8:standard9:anonymous17:b5/3145728/1048576=10.0.%d.%d" % (n >> 8, n & 255) for n in range(1000)]
RATE = parse_rate("100/minute")
RULES = {
    "token_bucket": rules.token_bucket(RATE, 20),
    "fixed_window": rules.fixed_window(RATE),
    "sliding_window": rules.sliding_window(RATE),
    "quota_day": rules.quota(1000, "day"),
    "quota_month": rules.quota(1000, "month"),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_decision_in_memory_store(benchmark: BenchmarkFixture, rule: Rule) -> None:
    """``store.run`` and the rule, over a thousand keys."""
    store, arguments = MemoryStore(), (1.0, 0.0, *rule.settings)
    remaining = iter(KEYS * 10_000)
    benchmark(lambda: store.run(rule.program, next(remaining), arguments))


@pytest.mark.parametrize("kind", [TokenBucket, FixedWindow, SlidingWindow])
def test_take(benchmark: BenchmarkFixture, kind: type[TokenBucket]) -> None:
    """The limiters for any program."""
    limiter = kind("100/minute")
    benchmark(limiter.take, "10.0.0.1")


TEMPLATE = FieldTemplate([(b"Field-%d" % n, b"some value") for n in range(8)])
#: So much that nothing is refused.
MUCH = "1000000000/s"
TIERS = {"anonymous": {"rate": MUCH, "key": "ip"}, "authenticated": {"rate": MUCH, "key": "user"}}


def forward(_: Request) -> Awaitable[Response]:
    return _answer()


async def _answer() -> Response:
    return Response(200, Headers([*TEMPLATE.fields]))


def run(call: Awaitable[Response]) -> None:
    """Drive what does not wait for anything."""
    try:
        call.__await__().send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return
    raise AssertionError("it waited")


@pytest.mark.parametrize("names", [(), ("a",), ("a", "b")], ids=["none", "one", "two"])
def test_layer(benchmark: BenchmarkFixture, names: tuple[str, ...]) -> None:
    """A request through the middleware: keys, decisions, and the fields of the answer."""
    store = MemoryStore()
    contexts = [Context(name=name, clock=SystemClock(), store=store) for name in names]
    limits = [Limit(LimitConfig(tiers=TIERS), context) for context in contexts]
    middleware = LimitMiddleware(limits, contexts[0]) if limits else None
    request = Request("GET", b"/", Headers(), client="203.0.113.7")

    def one() -> None:
        run(forward(request) if middleware is None else middleware(request, forward))

    benchmark(one)
