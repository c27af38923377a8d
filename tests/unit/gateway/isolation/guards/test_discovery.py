"""A source of targets that does what it should not is a source without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.extension.contract import Context
from vizgate.extension.kinds.discovery import Discovered, Discovery, DiscoveryConfig, DiscoveryFailed
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.isolation.guards.discovery import GuardedDiscovery
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock

ANSWER = Discovered.of("127.0.0.1:1")


class Bad(Discovery):
    """Gives an answer, and then something else."""

    def __init__(self, then: Any) -> None:
        super().__init__(DiscoveryConfig(), Context(metrics=Metrics()))
        self._then = then
        self.is_closed = False

    async def start(self) -> None:
        self._fail()

    async def stop(self) -> None:
        self._fail()

    def _fail(self) -> None:
        if isinstance(self._then, BaseException):
            raise self._then

    async def watch(self) -> AsyncIterator[Discovered]:
        try:
            yield ANSWER
            self._fail()
            yield self._then
        finally:
            self.is_closed = True


ERRORS = [ValueError("a secret"), SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()]


def guarded(inner: Bad) -> GuardedDiscovery:
    return GuardedDiscovery(inner, FaultBook(inner.context.metrics, ManualClock()).of(inner))


def counted(inner: Bad, stage: str) -> int:
    return inner.context.metrics.counters("plugin_errors", "", ("plugin", "stage")).of(f"{__name__}:Bad", stage).value


@pytest.mark.parametrize("then", [*ERRORS, None, "text"], ids=repr)
async def test_bad_answer_is_none(then: Any) -> None:
    """Whatever comes after a good answer is a failure that is foreseen; its text is not told."""
    inner = Bad(then)
    answers = guarded(inner).watch()
    assert ANSWER == await anext(answers)
    with pytest.raises(DiscoveryFailed, match=r"^its plugin failed$"):
        await anext(answers)
    assert (True, 1) == (inner.is_closed, counted(inner, "run"))


async def test_failure_that_is_meant_is_no_fault() -> None:
    """Having no answer is part of the contract."""
    inner = Bad(DiscoveryFailed("the catalog is away"))
    answers = guarded(inner).watch()
    await anext(answers)
    with pytest.raises(DiscoveryFailed, match=r"^the catalog is away$"):
        await anext(answers)
    assert 0 == counted(inner, "run")


async def test_whoever_stops_listening_is_obeyed() -> None:
    """The source is told, and that is no fault."""
    inner = Bad(None)
    answers = guarded(inner).watch()
    assert ANSWER == await anext(answers)
    await answers.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert (True, 0) == (inner.is_closed, counted(inner, "run"))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_start_and_stop_that_fail(error: BaseException) -> None:
    """A start that fails names the plugin; a stop that fails keeps nobody from stopping."""
    inner = Bad(error)
    source = guarded(inner)
    with pytest.raises(DiscoveryFailed, match=rf"^{__name__}:Bad failed to start: "):
        await source.start()
    await source.stop()
    assert (1, 1, "Bad") == (counted(inner, "start"), counted(inner, "stop"), source.label)
