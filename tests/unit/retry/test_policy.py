"""The rules of ``RetryPolicy``: what of an attempt leads to another, and what is kept for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.errors import ConnectFailed, UpstreamReset
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_state import TargetState
from vizgate.retry.config import RetryConfig
from vizgate.retry.policy import RetryPolicy
from vizgate.testing import ManualClock


def policy(targets: int = 3, **settings: Any) -> RetryPolicy:
    return RetryPolicy(RetryConfig(**settings), targets, Context(name="users", clock=ManualClock()))


def attempt(number: int = 1, status: int = 0) -> Attempt:
    made = Attempt(TargetState("users", "a"), 0, number, 0.0)
    made.status = status
    return made


def unavailable(**fields: str) -> Response:
    return Response(503, Headers.of([(name.replace("_", "-"), value) for name, value in fields.items()]))


async def chunks(*data: bytes) -> AsyncIterator[bytes]:
    for item in data:
        yield item


def test_nothing_sent_goes_to_an_untried_target_at_once_and_costs_no_budget() -> None:
    """The next target is asked without a wait; when all were, there is one."""
    retry = policy(targets=2, attempts=3, budget={"share": 0.0, "floor": 0}, backoff=1.0)
    assert 0.0 == retry.delay_s(Request("POST", b"/"), attempt(1), ConnectFailed(), 0.0)
    wait_s = retry.delay_s(Request("POST", b"/"), attempt(2), ConnectFailed(), 0.0)
    assert wait_s is not None
    assert wait_s > 0


def test_budget_that_is_used_up_ends_the_attempts() -> None:
    """With a floor of 2 and no traffic, two retries are made; the third request keeps its failure."""
    retry = policy(budget={"share": 0.2, "floor": 2})
    delays = [retry.delay_s(Request("GET", b"/"), attempt(), UpstreamReset(), 0.0) for _ in range(3)]
    assert [False, False, True] == [delay is None for delay in delays]


def test_retry_after_is_waited_for_up_to_its_bound() -> None:
    """An answer that asks for 2 s gets them, one that asks for 4 s is the answer, with a bound of 3 s."""
    retry = policy()
    request = Request("GET", b"/")
    assert 2.0 == retry.delay_s(request, attempt(status=503), unavailable(Retry_After="2"), 0.0)
    assert retry.delay_s(request, attempt(status=503), unavailable(Retry_After="4"), 0.0) is None


def test_wait_past_the_deadline_is_not_begun() -> None:
    """Whoever would have no time left after the wait has the answer that is there."""
    request = Request("GET", b"/")
    request.deadline_s = 1.5
    assert policy().delay_s(request, attempt(status=503), unavailable(Retry_After="2"), 0.0) is None


async def test_prepare_keeps_a_short_body_and_no_other() -> None:
    """A body up to the bound is there for a second time, as long as it was; one over it goes on as it comes, whole."""
    retry = policy(buffer=4)
    short = Request("PUT", b"/", body=StreamBody(chunks(b"ab", b"cd")))
    preparing = retry.prepare(short, 0.0)
    assert preparing is not None
    await preparing
    assert (b"abcd", None) == (short.body.data, short.body.length)
    long = Request("PUT", b"/", body=StreamBody(chunks(b"abc", b"de", b"f")))
    preparing = retry.prepare(long, 0.0)
    assert preparing is not None
    await preparing
    assert long.body.data is None
    assert [b"abc", b"de", b"f"] == [chunk async for chunk in long.body]


@pytest.mark.parametrize(("method", "length"), [("POST", 3), ("PUT", 5)])
def test_prepare_waits_for_no_body_that_is_not_sent_twice(method: str, length: int) -> None:
    """A POST, or a body known to be over the bound, is not held up."""
    request = Request(method, b"/", body=StreamBody(chunks(b"abc"), length=length))
    assert policy(buffer=4).prepare(request, 0.0) is None
