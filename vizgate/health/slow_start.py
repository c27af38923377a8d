"""Lets the share of targets grow that have become fit.

In: ``SlowStart``, which has the weights chosen anew while they change. Not in: the weights
(``pipeline.target_set.choose_members``).
"""

from __future__ import annotations

import math

from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.pipeline.ports import TimerPort
from vizgate.pipeline.target_set import TargetSet

_STEPS = 20
# A service that starts within a second needs no finer steps than its requests.
_SHORTEST_S = 0.1


class SlowStart(Component):
    """Has *targets* refreshed, in steps of a twentieth of *slow_start_s*, as long as one of them starts slowly.

    Nothing runs while none does.
    """

    def __init__(self, targets: TargetSet, slow_start_s: float, timers: TimerPort, context: Context) -> None:
        super().__init__(ComponentConfig(), context)
        self.deadline_s = 0.0
        self.due_s = math.inf
        self._targets = targets
        self._step_s = max(_SHORTEST_S, slow_start_s / _STEPS)
        self._timers = timers

    async def start(self) -> None:
        """As ``begin``."""
        self.begin()

    def begin(self) -> None:
        """Look from now on."""
        for target in self._targets.targets:
            target.state.watch(self.look)
        self.look()

    async def stop(self) -> None:
        """Look no more."""
        for target in self._targets.targets:
            target.state.unwatch(self.look)
        self._timers.forget(self)

    def look(self) -> None:
        """Be woken for the next step, if there is one."""
        if not self.deadline_s and self._targets.is_starting_slowly:
            self._timers.watch(self, self.context.clock.monotonic() + self._step_s)

    def expire(self) -> None:
        """See ``pipeline.ports.Timed``: a step."""
        self.deadline_s = 0.0
        self._targets.refresh()
        self.look()

    def __repr__(self) -> str:
        return f"<SlowStart of {self._targets!r}>"
