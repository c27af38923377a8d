"""What is known about one target of one service while it is used.

In: ``TargetState`` and the reasons why a target is not to be asked. Not in: who finds these reasons (``health``,
``breaker``, the admin API) and who is asked (``pipeline.target_set``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntFlag


class Block(IntFlag):
    """Why a target is not to be asked; several may hold at once, and each is lifted by whoever set it."""

    NONE = 0
    #: An operator has taken it out of use.
    DRAINED = 1
    #: Its probes fail.
    UNHEALTHY = 2
    #: Its answers to traffic were bad.
    EJECTED = 4
    #: Its circuit breaker is open, or half open with all its trials under way.
    OPEN = 8
    #: Its source says that it is about to end.
    LEAVING = 16


class TargetState:
    """One target of one service, kept across reloads, because it is keyed by service and address.

    ``in_flight``: attempts that have begun and not ended. ``latency_s``: moving average of the time to the response
    head, 0 as long as there was none; ``latency_at_s``: when it was last changed. ``fit_since_s``: since when nothing
    blocks it (monotonic seconds).
    """

    __slots__ = ("_watchers", "address", "blocks", "fit_since_s", "in_flight", "latency_at_s", "latency_s", "service")

    def __init__(self, service: str, address: str, now_s: float = 0.0) -> None:
        self.service = service
        self.address = address
        self.blocks = Block.NONE
        self.in_flight = 0
        self.latency_s = 0.0
        self.latency_at_s = 0.0
        self.fit_since_s = now_s
        self._watchers: dict[Callable[[], None], None] = {}

    @property
    def is_fit(self) -> bool:
        """Whether nothing speaks against asking it."""
        return not self.blocks

    def block(self, reason: Block) -> None:
        """Take it out for *reason*; nothing happens when it is out for that already."""
        block_all((self,), reason)

    def unblock(self, reason: Block, now_s: float) -> None:
        """Lift *reason*; nothing happens when it does not hold."""
        unblock_all((self,), reason, now_s)

    def watch(self, changed: Callable[[], None]) -> None:
        """Have *changed* called after every change of ``blocks``, until ``unwatch``."""
        self._watchers[changed] = None

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Forget *changed*."""
        self._watchers.pop(changed, None)

    def __repr__(self) -> str:
        why = self.blocks.name if self.blocks else "fit"
        return f"<TargetState {self.service} {self.address} [{why} | in flight: {self.in_flight}]>"


def block_all(states: Iterable[TargetState], reason: Block) -> None:
    """As ``TargetState.block`` for each of *states*. Whoever watches several of them is told once, when all is done:
    to choose anew among a thousand targets a thousand times would take seconds.
    """
    changed = [state for state in states if not state.blocks & reason]
    for state in changed:
        state.blocks |= reason
    _tell(changed)


def unblock_all(states: Iterable[TargetState], reason: Block, now_s: float) -> None:
    """As ``TargetState.unblock`` for each of *states*; see ``block_all``."""
    changed = [state for state in states if state.blocks & reason]
    for state in changed:
        state.blocks &= ~reason
        if not state.blocks:
            state.fit_since_s = now_s
    _tell(changed)


def _tell(states: list[TargetState]) -> None:
    watchers: dict[Callable[[], None], None] = {}
    for state in states:
        watchers.update(state._watchers)  # noqa: SLF001  # a function of this class, for many of its objects
    for changed in watchers:
        changed()
