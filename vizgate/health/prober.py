"""Asks targets for their health, all those of a gateway.

In: ``Prober`` and ``ProbedTarget``. Not in: what an answer says (``health.verdict``), what follows from many
(``health.probe_count``), and sending a probe (``pipeline.ports.ProbePort``).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count

from vizgate.errors import UpstreamError
from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.health.probe_count import ProbeCount
from vizgate.health.verdict import INVALID, OK, ProbeRule, outcome_of
from vizgate.pipeline.ports import ProbePort, TimerPort
from vizgate.pipeline.target_state import Block, TargetState

_log = logging.getLogger("vizgate.health")

#: The most probes at once. More targets than that may hang at the same time, and then the others are asked later.
AT_ONCE = 256
# A twentieth earlier or later, so that what began together does not stay together.
_JITTER = 0.05


@dataclass(frozen=True, slots=True)
class ProbedTarget:
    """A target that is probed. ``count``: kept across reloads. ``interval_s``: from one probe to the next."""

    state: TargetState
    port: ProbePort
    rule: ProbeRule
    count: ProbeCount
    interval_s: float


class Prober(Component):
    """Probes *targets*, each at once and then by its interval, one probe of a target at a time.

    It has a task for each probe that is under way and none for those that are not. ``stop`` waits for no answer.

    Args: timers: wake it. at_once: the most probes under way.
    """

    def __init__(
        self, targets: Sequence[ProbedTarget], timers: TimerPort, context: Context, at_once: int = AT_ONCE
    ) -> None:
        super().__init__(ComponentConfig(), context)
        self.deadline_s = 0.0
        self.due_s = math.inf
        self._targets = tuple(targets)
        self._timers = timers
        self._at_once = at_once
        # Moments, and numbers for those that are equal.
        self._queue: list[tuple[float, int, ProbedTarget]] = []
        self._numbers = count()
        self._running: dict[asyncio.Task[None], ProbedTarget] = {}
        self._is_stopped = True
        # When targets are due that were probed before.
        self._turns: dict[TargetState, float] = {}
        self._probes = self.context.metrics.counters(
            "health_probes", "Probes of targets, by what came of them.", ("service", "target", "outcome")
        )

    @property
    def running(self) -> int:
        """How many probes are under way."""
        return len(self._running)

    async def start(self) -> None:
        """As ``begin``."""
        self.begin()

    def begin(self) -> None:
        """The first probes are under way, and not awaited."""
        now_s = self.context.clock.monotonic()
        self._is_stopped = False
        turns, self._turns = self._turns, {}
        self._queue = [(turns.get(target.state, now_s), next(self._numbers), target) for target in self._targets]
        heapify(self._queue)
        self._go_on()

    def go_on_from(self, earlier: Prober) -> None:
        """Take over what *earlier* would do next, instead of probing all targets at once; before ``begin``.

        *earlier* begins no probes any more. Those under way go on, and count: a target that hangs would otherwise not
        be found out as long as others come and go.
        """
        now_s = self.context.clock.monotonic()
        self._turns = {target.state: moment_s for moment_s, _, target in earlier._queue}
        for target in earlier._running.values():
            self._turns[target.state] = now_s + target.interval_s
        earlier._begin_no_more()

    async def stop(self) -> None:
        """Give up what is under way."""
        self._begin_no_more()
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _begin_no_more(self) -> None:
        self._is_stopped = True
        self._timers.forget(self)
        self._queue.clear()

    def expire(self) -> None:
        """See ``pipeline.ports.Timed``."""
        self.deadline_s = 0.0
        self._go_on()

    def _go_on(self) -> None:
        """Begin what is due, as far as there is room, and be woken for the rest."""
        now_s = self.context.clock.monotonic()
        while self._queue and len(self._running) < self._at_once and self._queue[0][0] <= now_s:
            target = heappop(self._queue)[2]
            task = asyncio.ensure_future(self._probe(target))
            self._running[task] = target
            task.add_done_callback(self._ended)
        # Without room the next probe that ends goes on.
        if self._queue and len(self._running) < self._at_once:
            self._timers.watch(self, self._queue[0][0])

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not self._is_stopped:
            self._go_on()

    async def _probe(self, target: ProbedTarget) -> None:
        clock = self.context.clock
        jitter = self.context.random.uniform(1 - _JITTER, 1 + _JITTER)
        next_s = clock.monotonic() + target.interval_s * jitter
        try:
            outcome = target.rule.outcome(await target.port.probe())
        except UpstreamError as error:
            outcome = outcome_of(error)
        except Exception:  # noqa: BLE001  # not even a fault of ours may end the probing
            _log.exception("service %s: a probe of target %s failed", target.state.service, target.state.address)
            outcome = INVALID
        self._probes.of(target.state.service, target.state.address, outcome).value += 1
        self._judge(target, outcome)
        # One that took longer than its interval is followed at once by the next, and never overtaken.
        heappush(self._queue, (next_s, next(self._numbers), target))

    def _judge(self, target: ProbedTarget, outcome: str) -> None:
        state = target.state
        if not target.count.record(good=outcome == OK):
            return
        if target.count.is_healthy:
            state.unblock(Block.UNHEALTHY, self.context.clock.monotonic())
            _log.info("service %s: target %s is healthy again", state.service, state.address)
        else:
            state.block(Block.UNHEALTHY)
            _log.warning("service %s: target %s is unhealthy: %s", state.service, state.address, outcome)

    def __repr__(self) -> str:
        unhealthy = sum(not target.count.is_healthy for target in self._targets)
        return f"<Prober [{len(self._targets)} targets, {unhealthy} unhealthy | running: {self.running}]>"
