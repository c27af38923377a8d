"""A component that does not start keeps the gateway from starting; one that does not stop keeps nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vizgate import Context, Middleware, MiddlewareConfig, StartFailed
from vizgate.gateway.running.components import start_component, stop_component
from vizgate.observe.metrics import Metrics

NAME = f"{__name__}:Odd"
_BOUND_S = 0.01


class Odd(Middleware):
    """Does in both stages what it is told to."""

    def __init__(self, metrics: Metrics, does: Any = None) -> None:
        super().__init__(MiddlewareConfig(), Context(metrics=metrics))
        self._does = does

    async def start(self) -> None:
        await self._act()

    async def stop(self) -> None:
        await self._act()

    async def _act(self) -> None:
        if self._does is not None:
            raise self._does
        await asyncio.Event().wait()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def counted(metrics: Metrics, stage: str) -> int:
    return metrics.counters("plugin_errors", "", ("plugin", "stage")).of(NAME, stage).value


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (ValueError("no such thing"), "ValueError: no such thing"),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError(), "asyncio.exceptions.CancelledError"),
        (TimeoutError(), "TimeoutError"),
        (None, "not ready after 0.01 s"),
    ],
)
async def test_start_that_fails_or_hangs_names_the_plugin(
    metrics: Metrics, does: BaseException | None, reason: str
) -> None:
    """The error says which plugin it was and what it did."""
    with pytest.raises(StartFailed) as caught:
        await start_component(Odd(metrics, does), _BOUND_S)
    assert f"middleware {NAME} failed to start: {reason}" == str(caught.value)
    assert 1 == counted(metrics, "start")


@pytest.mark.parametrize("does", [ValueError(), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), None])
async def test_stop_that_fails_or_hangs_is_told_and_passed_over(metrics: Metrics, does: BaseException | None) -> None:
    """The next component is stopped all the same."""
    await stop_component(Odd(metrics, does), _BOUND_S)
    assert 1 == counted(metrics, "stop")


@pytest.mark.parametrize("act", [start_component, stop_component])
async def test_cancelled_task_is_cancelled(metrics: Metrics, act: Any) -> None:
    """Whoever gives up starting or stopping is obeyed."""
    task = asyncio.ensure_future(act(Odd(metrics), 60.0))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 == counted(metrics, "start") + counted(metrics, "stop")
