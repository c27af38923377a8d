"""Circuit breakers before the targets of one service.

In: ``BreakerGate``, which meets ``pipeline.attempt.AttemptGate`` and ``AttemptWatcher``. Not in: the machine
(``breaker.machine``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from vizgate.breaker.machine import BreakerMachine, State
from vizgate.breaker.outcome import OutcomeRule
from vizgate.breaker.shown import ShownBreakers
from vizgate.breaker.window import FAILED
from vizgate.errors import CircuitOpen
from vizgate.extension.contract import Context
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import Block, TargetState, block_all, unblock_all

_CLOSED = State.CLOSED


class BreakerGate:
    """Lets attempts through to the targets whose breaker does, and tells the breakers what came of them.

    A target whose breaker lets nobody through is blocked (``Block.OPEN``), so that no balancer offers it; ``wake``
    lifts that when it is time to try.

    Args: states: the targets. machines: the breaker of each, in the same order; one and the same for all of them where
    the service has one. context: ``name`` is that of the service. shown: who is told, if anybody.
    """

    def __init__(
        self,
        states: Sequence[TargetState],
        machines: Sequence[BreakerMachine],
        rule: OutcomeRule,
        context: Context,
        shown: ShownBreakers | None = None,
    ) -> None:
        self._shown = shown
        self._name = context.name
        self._rule = rule
        self._result = rule.result
        self._clock = context.clock
        self._changes = context.metrics.counters(
            "breaker_changes", "Changes of circuit breakers, by the state they are in then.", ("service", "state")
        )
        # The states are hashed by identity: two targets with one address have breakers of their own.
        self._machines = dict(zip(states, machines, strict=True))
        self._targets: dict[BreakerMachine, list[TargetState]] = {}
        for state, machine in self._machines.items():
            self._targets.setdefault(machine, []).append(state)
        self._wake_at_s = 0.0

    @property
    def machines(self) -> tuple[BreakerMachine, ...]:
        """Each once."""
        return tuple(self._targets)

    @property
    def states(self) -> Collection[TargetState]:
        """The targets that it stands before."""
        return self._machines.keys()

    def watch(self) -> None:
        """Have the machines, which outlive this gate, tell it of their changes, and no gate before it any more. From
        now on it alone blocks the targets.
        """
        for machine in self._targets:
            machine.changed[:] = [self._changed]
            self._block(machine)
        self._plan_wake()

    def wake(self, now_s: float) -> None:
        """See ``AttemptGate``. A comparison as long as nothing is open."""
        if now_s < self._wake_at_s:
            return
        for machine in self._targets:
            machine.wake(now_s)
            self._block(machine)
        self._plan_wake()

    def admit(self, target: TargetState, now_s: float) -> int | None:
        """See ``AttemptGate``."""
        machine = self._machines[target]
        if machine.state is _CLOSED:
            return machine.period
        permit = machine.admit(now_s)
        self._show(machine)
        return permit

    def settled(self, attempt: Attempt, now_s: float) -> None:
        """See ``AttemptWatcher``."""
        machine = self._machines[attempt.target]
        result = self._result(attempt.status, attempt.termination, attempt.elapsed_s)
        if result is None:
            machine.give_back(attempt.permit)
        else:
            machine.record(attempt.permit, result, now_s)
            if self._shown is not None:
                how = "" if attempt.termination is None else attempt.termination.value
                self._shown.called(self._name_of(machine), (how or str(attempt.status)) if result & FAILED else "")
        if machine.state is not _CLOSED:
            self._show(machine)

    def broken(self, attempt: Attempt, now_s: float) -> None:
        """See ``AttemptWatcher``. Its head counted as a good answer; it was none."""
        if attempt.termination in self._rule.failures and attempt.status not in self._rule.statuses:
            machine = self._machines[attempt.target]
            machine.spoil(attempt.permit, now_s)
            if machine.state is not _CLOSED:
                self._show(machine)

    def refusal(self, now_s: float) -> CircuitOpen | None:
        """See ``AttemptGate``."""
        open_until_s = [machine.until_s for machine in self._targets if machine.is_full]
        if not open_until_s:
            return None
        left_s = max(1, math.ceil(min(open_until_s) - now_s))
        return CircuitOpen(f"the circuit breaker of service {self._name} is open", left_s)

    def _changed(self, machine: BreakerMachine, before: State) -> None:
        if machine.state is not before:
            self._changes.of(self._name, machine.state.value).value += 1
            if self._shown is not None:
                self._shown.changed(self._name_of(machine), machine.state)
        self._show(machine)

    def _name_of(self, machine: BreakerMachine) -> str:
        """The service, and the target if the breaker is one of a target."""
        targets = self._targets[machine]
        return self._name if len(self._targets) == 1 and len(targets) > 1 else f"{self._name} {targets[0].address}"

    def _show(self, machine: BreakerMachine) -> None:
        """Act by the state of *machine*."""
        self._block(machine)
        self._plan_wake()

    def _block(self, machine: BreakerMachine) -> None:
        """Block the targets of *machine*, or lift that; nothing happens when another gate, or none, does it by now."""
        if self._changed not in machine.changed:
            return
        if machine.is_full:
            block_all(self._targets[machine], Block.OPEN)
        else:
            unblock_all(self._targets[machine], Block.OPEN, self._clock.monotonic())

    def _plan_wake(self) -> None:
        # It looks at every machine: once for all of them, where all have changed.
        waiting = [each.until_s for each in self._targets if each.state is not _CLOSED and not each.is_forced]
        self._wake_at_s = min(waiting, default=math.inf)

    def __repr__(self) -> str:
        is_open = sum(machine.is_full for machine in self._targets)
        return f"<BreakerGate {self._name} [{is_open} open of {len(self._targets)}]>"
