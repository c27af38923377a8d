"""What traffic shows of targets, and leaving out those that fail.

In: ``PassiveHealth``, which meets ``pipeline.attempt.AttemptWatcher``, and ``WatchedTarget``. Not in: when a target is
left out, and for how long (``health.ejection``).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from vizgate.clock import Clock
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.health.ejection import EjectionRule, TrafficRecord
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.ports import TimerPort
from vizgate.pipeline.target_state import Block, TargetState

_log = logging.getLogger("vizgate.health")


class WatchedTarget:
    """One target and its record; the gateway keeps it across reloads, so that an ejection ends when it should.

    It meets ``pipeline.ports.Timed``.
    """

    __slots__ = ("_is_released", "clock", "deadline_s", "due_s", "record", "state", "unproved")

    def __init__(self, state: TargetState, rule: EjectionRule, clock: Clock) -> None:
        self.state = state
        self.record = TrafficRecord(rule)
        self.clock = clock
        self.deadline_s = 0.0
        self.due_s = math.inf
        self._is_released = False
        #: An attempt whose answer began well; its body will show whether the target answers at all.
        self.unproved: Attempt | None = None

    def eject(self, until_s: float, timers: TimerPort) -> None:
        """Leave it out until then; nothing happens when nobody looks at it any more."""
        self.unproved = None
        if self._is_released:
            return
        self.state.block(Block.EJECTED)
        timers.watch(self, until_s)

    def expire(self) -> None:
        """Its time is over: ask it again."""
        self.deadline_s = 0.0
        self.state.unblock(Block.EJECTED, self.clock.monotonic())
        _log.info("service %s: target %s is asked again", self.state.service, self.state.address)

    def release(self, timers: TimerPort) -> None:
        """Its service does not look at traffic any more, but for what began before."""
        self._is_released = True
        timers.forget(self)
        self.state.unblock(Block.EJECTED, self.clock.monotonic())


class PassiveHealth:
    """Looks on as attempts are made at the targets of one service, and leaves out those that fail, for a while.

    An answer below 500 is good, whatever the service means by it. A client that left says nothing. Attempts that were
    under way when their target was ejected are not counted.

    Args: targets: of the service, in any order. timers: end ejections. context: ``name`` is that of the service.
    """

    def __init__(
        self, targets: Sequence[WatchedTarget], rule: EjectionRule, timers: TimerPort, context: Context
    ) -> None:
        self._name = context.name
        self._rule = rule
        self._timers = timers
        # By identity: two targets with one address have records of their own.
        self._targets = {target.state: target for target in targets}
        self._ejections = context.metrics.counters(
            "health_ejections", "Targets left out because of what traffic showed.", ("service", "target", "reason")
        )

    def settled(self, attempt: Attempt, now_s: float) -> None:
        """See ``AttemptWatcher``."""
        status = attempt.status
        if status >= 500:
            self._failed(attempt, now_s, local=False)
        elif status:
            target = self._targets[attempt.target]
            target.record.answered(now_s)
            if target.record.has_local_failures:
                self._look_whole(target, attempt)
        elif not attempt.is_neutral:
            self._failed(attempt, now_s, local=True)

    def broken(self, attempt: Attempt, now_s: float) -> None:
        """See ``AttemptWatcher``. As if it had not answered, though its head counted as an answer."""
        self._failed(attempt, now_s, local=True, counts_anew=False)

    def _look_whole(self, target: WatchedTarget, attempt: Attempt) -> None:
        """Heads alone prove nothing: a target that breaks off each of its bodies must not look as if it worked."""
        earlier = target.unproved
        if attempt.termination is Termination.NORMAL or (earlier and earlier.termination is Termination.NORMAL):
            target.record.proved()
            target.unproved = None
        elif earlier is None or earlier.has_ended:
            target.unproved = attempt

    def _failed(self, attempt: Attempt, now_s: float, *, local: bool, counts_anew: bool = True) -> None:
        state = attempt.target
        if state.blocks & Block.EJECTED:
            return
        target = self._targets[state]
        if target.unproved is not None and target.unproved.termination is Termination.NORMAL:
            target.record.proved()
            target.unproved = None
        reason = target.record.failed(now_s, local=local, counts_anew=counts_anew)
        if not reason:
            return
        # Not by their blocks: arithmetic with flags takes ten times as long, and when all fail this is often asked.
        ejected = sum(1 for each in self._targets.values() if each.deadline_s)
        if not self._rule.has_room(len(self._targets), ejected):
            return
        until_s = target.record.eject(now_s)
        target.eject(until_s, self._timers)
        self._ejections.of(self._name, state.address, reason).value += 1
        _log.warning(
            "service %s: target %s is left out for %g s: %s", self._name, state.address, until_s - now_s, reason
        )

    def __repr__(self) -> str:
        ejected = sum(bool(state.blocks & Block.EJECTED) for state in self._targets)
        return f"<PassiveHealth {self._name} [{ejected} ejected of {len(self._targets)}]>"
