"""Faults made on purpose."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.errors import ConnectionDropped, ResponseTimedOut
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock
from vizgate.traffic.config import FaultConfig
from vizgate.traffic.fault import Fault


class Bench:
    """A fault with a sleep that only remembers."""

    def __init__(self, **config: Any) -> None:
        self.slept: list[float] = []
        self.seen: list[Request] = []
        self.clock = ManualClock()
        context = Context(route="r", random=Random(1), clock=self.clock, sleep=self._sleep)
        self.layer = Fault(FaultConfig.model_validate(config), context)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def send(self, *fields: tuple[str, str], deadline_s: float = 0.0) -> Response:
        async def service(request: Request) -> Response:
            self.seen.append(request)
            return Response(200)

        request = Request("GET", b"/", Headers.of(fields))
        request.deadline_s = deadline_s
        return await self.layer(request, service)

    @property
    def injected(self) -> int:
        return self.layer.context.metrics.counters("faults_injected", "", ("route",)).of("r").value


async def test_status_is_answered_without_the_service() -> None:
    """``status`` answers as the gateway answers any error."""
    bench = Bench(status=503)
    response = await bench.send()
    assert (503, "application/problem+json", []) == (response.status, response.headers["Content-Type"], bench.seen)
    assert 1 == bench.injected


async def test_delay_comes_before_the_rest() -> None:
    """A delay alone only makes it late; with a status, that comes late."""
    bench = Bench(delay=2.0)
    assert (200, [2.0]) == ((await bench.send()).status, bench.slept)
    late = Bench(delay=1.0, status=500)
    assert (500, [1.0]) == ((await late.send()).status, late.slept)


async def test_delay_is_not_longer_than_the_request_may_take() -> None:
    """A route with a timeout keeps it: 504 in time."""
    bench = Bench(delay=60.0)
    with pytest.raises(ResponseTimedOut):
        await bench.send(deadline_s=bench.clock.monotonic() + 5)
    assert [5.0] == bench.slept


async def test_abort_drops_the_connection() -> None:
    """Nobody is answered."""
    with pytest.raises(ConnectionDropped):
        await Bench(abort=True).send()


async def test_percent_is_the_share_of_requests() -> None:
    """A quarter of 1000 requests are about 250."""
    bench = Bench(status=500, percent=25)
    for _ in range(1000):
        await bench.send()
    assert 200 < bench.injected < 300
    assert 1000 == bench.injected + len(bench.seen)


async def test_secret_must_be_shown_and_goes_no_further() -> None:
    """Only who knows the secret has the fault; the service never sees it."""
    bench = Bench(delay=1.0, header="X-Fault", secret="let-me")
    for fields in ((), (("X-Fault", "let"),), (("X-Other", "let-me"),)):
        assert 200 == (await bench.send(*fields)).status
    assert 0 == bench.injected
    await bench.send(("x-fault", "let-me"))
    assert (1, []) == (bench.injected, bench.seen[-1].headers.items())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "none of delay, status and abort"),
        ({"status": 500, "abort": True}, "exclude each other"),
        ({"status": 200}, "greater than or equal to 400"),
        ({"abort": True, "header": "X-Fault"}, "belong together"),
        ({"abort": True, "header": "X-Fault", "secret": " "}, "secret is empty"),
        ({"abort": True, "percent": 0}, "greater than 0"),
        ({"abort": True, "percent": 101}, "less than or equal to 100"),
    ],
)
def test_config_refuses(config: dict[str, Any], message: str) -> None:
    """What cannot be meant is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        FaultConfig.model_validate(config)
