"""One try at one target, as policies see it.

In: ``Attempt`` and ``AttemptWatcher``. Not in: making it (``gateway.http1``), and when there is another
(``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vizgate.errors import ExchangeError, Termination
from vizgate.pipeline.target_state import TargetState


class Attempt:
    """A try at ``target`` that began at ``started_s`` (monotonic seconds).

    ``status``: of the answer, 0 before its head has come. ``elapsed_s``: from the beginning to that head, or to the
    failure. ``termination``: how it ended; None as long as it has not. ``has_ended``: whether all of it is over: the
    body of its answer has been relayed, or it has failed. ``permit``: what the gate admitted it with.
    """

    __slots__ = ("elapsed_s", "has_ended", "index", "number", "permit", "started_s", "status", "target", "termination")

    def __init__(self, target: TargetState, index: int, number: int, started_s: float, permit: int = 0) -> None:
        self.target = target
        self.index = index
        #: 1 for the first of its request.
        self.number = number
        self.started_s = started_s
        self.permit = permit
        self.has_ended = False
        self.status = 0
        self.elapsed_s = 0.0
        self.termination: Termination | None = None

    @property
    def is_neutral(self) -> bool:
        """Whether it ended without an answer, and not by the target's doing: it says nothing about the target."""
        return not self.status and self.termination not in _TARGETS_DOING

    def __repr__(self) -> str:
        how = "running" if self.termination is None else self.termination.value
        return f"<Attempt {self.number} at {self.target.address} [{self.status or 'no answer'}, {how}]>"


_TARGETS_DOING = frozenset(
    {
        Termination.CONNECT_FAILURE, Termination.UPSTREAM_RESET, Termination.UPSTREAM_INVALID,
        Termination.UPSTREAM_TIMEOUT,
    }
)  # fmt: skip


class AttemptGate(Protocol):
    """Whether a target may be tried now: the place of a circuit breaker, which is a watcher, too."""

    def wake(self, now_s: float) -> None:
        """Called before targets are chosen: those whose time has come may be asked again."""
        ...

    def admit(self, target: TargetState, now_s: float) -> int | None:
        """A permit to try *target*, None for no. ``AttemptWatcher.settled`` is called once for an attempt with it."""
        ...

    def refusal(self, now_s: float) -> ExchangeError | None:
        """What to say when no target may be asked, if that is this gate's doing."""
        ...


class AttemptWatcher(Protocol):
    """Looks on as attempts are made. What it raises would be a bug, and is not caught."""

    def settled(self, attempt: Attempt, now_s: float) -> None:
        """It is known what came of *attempt*: its head has come, or it has ended without one."""
        ...

    def broken(self, attempt: Attempt, now_s: float) -> None:
        """The answer of *attempt*, which was settled before, broke off in its body by the target's doing."""
        ...


#: Called by the exchange when its attempt has ended, exactly once.
AttemptEnded = Callable[[Termination], None]
