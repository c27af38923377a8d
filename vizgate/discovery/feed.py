"""One source as it runs.

In: ``Feed``: asks, waits after failures, and says what it knows. Not in: what a change leads to
(``gateway.discovering.service``), the rules (``discovery.record``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from vizgate.discovery.config import DiscoverySetting
from vizgate.discovery.record import SourceRecord
from vizgate.errors import CallFailed, VizgateError
from vizgate.extension.contract import Context
from vizgate.extension.kinds.discovery import Discovered, DiscoveredTarget, Discovery, DiscoveryConfig, DiscoveryFailed

_log = logging.getLogger("vizgate.discovery")
_EXPECTED = (CallFailed, DiscoveryFailed)


class NoTargetsFound(VizgateError):
    """A source that must have targets at the start has none."""


class Feed:
    """What *source* says for the service *name*, for as long as a configuration leans on it.

    It goes on over a reload that leaves its settings as they are: the targets of its last answer stay, and so does
    their age. ``listener``: is told of every answer; the plan that serves has set it.

    Args: setting: what it was made by. context: the source's own.
    """

    def __init__(self, name: str, setting: DiscoverySetting, source: Discovery, context: Context) -> None:
        self.name = name
        self.source = source
        config: DiscoveryConfig = source.config
        self.record = SourceRecord(config.on_empty, context.random)
        self.listener: Callable[[], None] | None = None
        self._setting = setting
        self._config = config
        self._context = context
        self._users = 0
        self._task: asyncio.Task[None] | None = None
        self._has_answer = asyncio.Event()
        self._has_targets = asyncio.Event()
        family = context.metrics.counters(
            "discovery_answers", "Answers of sources of targets, by what came of them.", ("service", "outcome")
        )
        self._counters = {outcome: family.of(name, outcome) for outcome in ("changed", "same", "empty", "failed")}

    def is_by(self, setting: DiscoverySetting) -> bool:
        """Whether it was made by settings equal to *setting*, so that it can go on."""
        return self._setting == setting

    @property
    def targets(self) -> tuple[DiscoveredTarget, ...]:
        """Those to use now."""
        return self.record.targets or ()

    @property
    def age_s(self) -> float | None:
        """How old the last good answer is; None without one."""
        return self.record.age_s(self._context.clock.monotonic())

    # life

    async def enter(self) -> None:
        """Lean on it; whoever is the first starts it. To be left also when it raises, as the source's start did."""
        self._users += 1
        if self._users == 1:
            # Anew, because a gateway may be started again on another loop.
            self._has_answer, self._has_targets = asyncio.Event(), asyncio.Event()
            await self.source.start()
            self._task = asyncio.ensure_future(self._run())

    async def leave(self) -> None:
        """Lean on it no more; whoever is the last stops it."""
        self._users -= 1
        if self._users:
            return
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.source.stop()

    async def wait_first(self) -> None:
        """Until there is an answer, or there are targets where these are required; not longer than is said.

        Raises: NoTargetsFound: they are required, and there are none.
        """
        is_required = self._config.on_start == "require"
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.start_timeout):
                await (self._has_targets if is_required else self._has_answer).wait()
        if is_required and not self.targets:
            why = self.record.error or "no answer yet"
            where = f"from {self.source.label} within {self._config.start_timeout:g} s"
            raise NoTargetsFound(f"service {self.name}: no targets {where}: {why}")

    # answers

    async def _run(self) -> None:
        while True:
            error = await self._follow()
            self._counters["failed"].value += 1
            wait_s = self.record.failed(error)
            meanwhile = f"the last {len(self.targets)} serve on" if self.targets else "there are none"
            arguments = (self.name, self.source.label, error, meanwhile)
            _log.warning("service %s: no targets from %s: %s; %s", *arguments)
            await self._context.sleep(wait_s)

    async def _follow(self) -> str:
        """Take answers until there are no more; why."""
        answers = self.source.watch()
        try:
            async for answer in answers:
                self._take(answer)
        except _EXPECTED as exc:
            return str(exc)
        except (Exception, SystemExit) as exc:  # noqa: BLE001  # a stranger's class; it is asked again
            _log.exception("service %s: %s failed", self.name, self.source.label)
            return type(exc).__name__
        finally:
            await _close(answers)
        return "the source has ended"

    def _take(self, answer: Discovered) -> None:
        if not isinstance(answer, Discovered):
            raise TypeError(f"a source gave {type(answer).__name__}, not Discovered")
        record = self.record
        failures, in_a_row, error = record.failures, record.in_a_row, record.error
        has_changed = record.answered(answer, self._context.clock.monotonic())
        if record.failures > failures:
            raise DiscoveryFailed(record.error)
        if record.error:
            self._counters["empty"].value += 1
            if record.error != error:
                _log.warning("service %s: %s: %s", self.name, self.source.label, record.error)
            return
        self._counters["changed" if has_changed else "same"].value += 1
        if in_a_row:
            _log.info("service %s: %s answers again, after %d failures", self.name, self.source.label, in_a_row)
        self._has_answer.set()
        if self.targets:
            self._has_targets.set()
        if self.listener is not None:
            self.listener()

    def __repr__(self) -> str:
        return f"<Feed {self.name} from {self.source.label} [{self.record!r}]>"


async def _close(answers: AsyncIterator[Any]) -> None:
    close = getattr(answers, "aclose", None)
    if close is not None:
        await close()
