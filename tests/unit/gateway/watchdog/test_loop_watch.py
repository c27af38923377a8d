"""Who holds the event loop up is named once, with how long; these tests hold it up for real, for a moment."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time

import pytest

from vizgate import Middleware, Request, Response
from vizgate.gateway.watchdog.loop_watch import LoopWatch
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient

WARN_S = 0.05
BLOCKED_S = 0.5


class Blocking(Middleware):
    """Sleeps as no middleware should."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        time.sleep(BLOCKED_S)  # noqa: ASYNC251  # that is what is to be found
        return await forward(request)


class Told(logging.Handler):
    """Sets an event when a line has been logged, in whatever thread."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.came = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.came.set()


@pytest.fixture
def told():
    handler = Told()
    logger = logging.getLogger("vizgate.loop")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def lag_s(metrics: Metrics) -> float:
    text = metrics.exposition()[1].decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("vizgate_loop_lag_seconds "))


async def test_plugin_that_blocks_is_named_once(told: Told) -> None:
    """One line for one stall: the plugin, the place and the time."""
    text = f"""
version: 1
services: {{echo: {{builtin: echo}}}}
routes: [{{match: {{path: /*}}, service: echo, middleware: [{{use: "{__name__}:Blocking"}}]}}]
observe: {{loop_lag: {{warn: 50ms}}}}
"""
    async with MemoryClient(text) as client:
        assert 200 == (await client.get("/")).status
        assert await asyncio.to_thread(told.came.wait, 10)
        metrics = client.gateway.state.metrics
        assert 1 == metrics.counters("loop_stalls", "", ("plugin",)).of(f"{__name__}:Blocking").value
        assert BLOCKED_S - 0.1 <= lag_s(metrics)
    line = told.lines[0]
    assert re.match(r"the event loop stood still for \d+\.\d\d s, and every request with it: ", line), line
    assert f"plugin {__name__}:Blocking, at {__name__}:" in line
    assert 1 == sum("Blocking" in line for line in told.lines)


async def test_stall_that_goes_on_is_told_while_it_does(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that never comes back would else never be told of."""
    monkeypatch.setattr("vizgate.gateway.watchdog.loop_watch._PATIENCE_S", 0.1)
    watch = LoopWatch(WARN_S, Metrics(), list)
    watch.start()
    await asyncio.sleep(0)
    told.came.wait(10)  # the loop's own thread waits: that is the stall
    watch.stop()
    assert "and still stands, and every request with it: threading:" in told.lines[0]


async def test_loop_that_turns_is_not_told_of(told: Told) -> None:
    """Waiting is no stall."""
    watch = LoopWatch(1.0, metrics := Metrics(), list)
    watch.start()
    await asyncio.sleep(0.11)
    watch.stop()
    assert ([], True) == (told.lines, lag_s(metrics) < 1.0)
    assert watch._timer is None


async def test_watch_may_be_started_again() -> None:
    """A second start without a stop changes nothing."""
    watch = LoopWatch(1.0, Metrics(), list)
    for _ in range(2):
        watch.start()
        thread = watch._thread
        watch.start()
        assert thread is watch._thread
        watch.stop()
        assert thread is not None
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()
