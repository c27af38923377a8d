"""The rules of ``Fallback``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vizgate.errors import (
    BodyTooLarge,
    CircuitOpen,
    ConnectFailed,
    ExchangeError,
    NoTarget,
    Overloaded,
    ResponseTimedOut,
    Termination,
    UpstreamReset,
)
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.fallback import Fallback, FallbackRule
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class Bench:
    """A handler that gives *outcome*, and a fallback around it."""

    def __init__(
        self, outcome: Response | ExchangeError, rule: FallbackRule | None = None, *, sends: bool = True
    ) -> None:
        self.outcome = outcome
        self.asked = 0
        self.deadlines: list[float] = []
        self.handler = Fallback(
            self.first, self.second, rule or FallbackRule(), sends=sends, counted=lambda: self.count(1)
        )

    def count(self, number: int) -> None:
        self.asked += number

    async def first(self, request: Request) -> Response:
        request.limit_deadline(5.0)
        if isinstance(self.outcome, ExchangeError):
            raise self.outcome
        return self.outcome

    async def second(self, request: Request) -> Response:
        self.deadlines.append(request.deadline_s)
        return Response(200, body=b"second")


@pytest.mark.parametrize(
    "outcome",
    [Response(502), Response(503), Response(504), NoTarget(), CircuitOpen(), ConnectFailed(), UpstreamReset(),
     ResponseTimedOut(), Overloaded()],
)  # fmt: skip
async def test_trouble_is_answered_by_the_other(outcome: Response | ExchangeError) -> None:
    """By default whatever would be 502, 503 or 504, whoever says so."""
    bench = Bench(outcome)
    assert b"second" == (await bench.handler(Request("GET", b"/"))).body.data
    assert 1 == bench.asked


@pytest.mark.parametrize("status", [200, 404, 429, 500])
async def test_other_answers_are_relayed(status: int) -> None:
    """What is not named is the answer."""
    bench = Bench(Response(status))
    assert (status, 0) == ((await bench.handler(Request("GET", b"/"))).status, bench.asked)


async def test_what_the_client_did_wrong_has_no_fallback() -> None:
    """A body that is too large is too large for the other, too."""
    with pytest.raises(BodyTooLarge):
        await Bench(BodyTooLarge()).handler(Request("GET", b"/"))


async def _body() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(
    ("method", "body_is_here", "outcome", "asked"),
    [
        ("POST", True, UpstreamReset(), 0),  # it may have been done
        ("POST", True, Response(503), 0),
        ("POST", False, ConnectFailed(), 1),  # nothing was sent
        ("PUT", True, UpstreamReset(), 1),
        ("PUT", False, UpstreamReset(), 1),  # its body was short enough to be kept
        ("PUT", None, UpstreamReset(), 0),  # it was not
    ],
)
async def test_service_is_asked_only_if_that_can_do_no_harm(
    method: str, body_is_here: bool | None, outcome: Response | ExchangeError, asked: int
) -> None:
    """A request is not done twice, and no service sees half of one."""
    bench = Bench(outcome, FallbackRule(buffer_bytes=0) if body_is_here is None else None)
    request = Request(method, b"/") if body_is_here else Request(method, b"/", body=StreamBody(_body()))
    if asked or isinstance(outcome, Response):
        await bench.handler(request)
    else:
        with pytest.raises(type(outcome)):
            await bench.handler(request)
    assert asked == bench.asked


async def test_fixed_answer_does_no_harm() -> None:
    """Nothing is sent anywhere, so even a POST whose body is gone has it."""
    bench = Bench(UpstreamReset(), sends=False)
    assert 200 == (await bench.handler(Request("POST", b"/", body=StreamBody(_body())))).status


async def test_time_of_the_first_service_is_not_that_of_the_second() -> None:
    """The bound that the first service set is lifted; the route's own is not."""
    bench = Bench(ResponseTimedOut())
    request = Request("GET", b"/")
    request.deadline_s = 60.0
    await bench.handler(request)
    assert [60.0] == bench.deadlines


async def test_reasons_are_narrower_than_statuses() -> None:
    """With ``open`` alone, a 503 of the service is its answer."""
    rule = FallbackRule(statuses=frozenset(), failures=frozenset({Termination.CIRCUIT_OPEN}))
    assert 503 == (await Bench(Response(503), rule).handler(Request("GET", b"/"))).status
    assert 200 == (await Bench(CircuitOpen(), rule).handler(Request("GET", b"/"))).status
    with pytest.raises(NoTarget):
        await Bench(NoTarget(), rule).handler(Request("GET", b"/"))
    none = FallbackRule(statuses=frozenset(), no_target=True)
    assert 200 == (await Bench(NoTarget(), none).handler(Request("GET", b"/"))).status
