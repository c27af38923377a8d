"""The targets of a service, and which of them may be asked now.

In: ``TargetSet``, ``choose_members``, the rule, and ``Picker``. Not in: which of the members is asked (``balancer``),
and why a target is blocked (``pipeline.target_state``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from vizgate.pipeline.ports import TargetPort
from vizgate.pipeline.target_state import Block, TargetState


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """One target of a service. ``priority``: groups with a higher number are asked when all lower ones are out."""

    port: TargetPort
    state: TargetState
    weight: float = 1.0
    priority: int = 0
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """How members are chosen.

    ``panic_below``: with a smaller share of targets fit, those that are not are asked, too. ``zone``: where the gateway
    is; targets of the same zone are preferred. ``slow_start_s``: how long a target that has become fit gets less than
    its share.
    """

    panic_below: float = 0.0
    zone: str = ""
    slow_start_s: float = 0.0


# What holds even when everything else is tried: a word of an operator or a source, and a breaker with its own trials.
_NEVER = Block.DRAINED | Block.OPEN | Block.LEAVING
# A target that starts slowly gets a tenth of its share at first, so that it is asked at all.
_SLOWEST = 0.1


_Numbered = tuple[int, ServiceTarget]


def choose_members(targets: Sequence[ServiceTarget], by: Selection, now_s: float) -> list[tuple[int, float]]:
    """Index and present weight of the targets to choose from: the fit ones, of the best priority, of the own zone if it
    has any.

    When fewer than ``panic_below`` are fit, all but those that must never be asked, because a wrong guess about health
    must not become an outage (Envoy's panic threshold).
    """
    fit = [(index, target) for index, target in enumerate(targets) if not target.state.blocks]
    if len(fit) < by.panic_below * len(targets):
        fit = [(index, target) for index, target in enumerate(targets) if not target.state.blocks & _NEVER]
    return [(index, _weight(target, by.slow_start_s, now_s)) for index, target in _best(fit, by.zone)]


def _best(targets: Sequence[_Numbered], zone: str) -> Sequence[_Numbered]:
    """Those of the best priority, and of these the ones in *zone* if there are any."""
    best = min((target.priority for _, target in targets), default=0)
    group = [(index, target) for index, target in targets if target.priority == best]
    return ([(index, target) for index, target in group if target.zone == zone] or group) if zone else group


def _weight(target: ServiceTarget, slow_start_s: float, now_s: float) -> float:
    if not slow_start_s:
        return target.weight
    share = (now_s - target.state.fit_since_s) / slow_start_s
    return target.weight * min(1.0, max(_SLOWEST, share))


class Picker(Protocol):
    """What is needed of a balancer; see ``extension.kinds.balancer.Balancer``."""

    def pick(self, excluded: AbstractSet[int] = ..., key: int = ...) -> int | None:
        """The index of the target to ask, never one in *excluded*; None when there is none."""
        ...

    def started(self, index: int) -> None:
        """An attempt at it begins."""
        ...

    def ended(self, index: int) -> None:
        """An attempt at it has ended."""
        ...


class TargetSet:
    """The targets of one service. ``changed`` is called with what may be asked: at first and, once the set is attached
    to the states, whenever that changes.
    """

    __slots__ = ("_changed", "_clock_s", "_members", "_selection", "_turn", "targets")

    def __init__(
        self,
        targets: Sequence[ServiceTarget],
        selection: Selection,
        clock_s: Callable[[], float],
        changed: Callable[[list[tuple[int, float]]], None],
    ) -> None:
        self.targets = tuple(targets)
        self._selection = selection
        self._clock_s = clock_s
        self._changed = changed
        self._turn = 0
        self._members: list[tuple[int, float]] = []
        self.refresh()

    def attach(self) -> None:
        """Look at the states from now on, and at what has changed since this was made."""
        for target in self.targets:
            target.state.watch(self.refresh)
        if choose_members(self.targets, self._selection, self._clock_s()) != self._members:
            self.refresh()

    def refresh(self) -> None:
        """Choose anew: the state of a target has changed, or time has passed in a slow start."""
        self._members = choose_members(self.targets, self._selection, self._clock_s())
        self._changed(self._members)

    def reserve(self, tried: AbstractSet[int]) -> int | None:
        """Whom to ask when all members are *tried*: a fit target of the next priority or of another zone, each in turn.

        What a request has found out about its targets may not be known to anybody else yet.
        """
        fit = [(n, target) for n, target in enumerate(self.targets) if n not in tried and not target.state.blocks]
        group = _best(fit, self._selection.zone)
        if not group:
            return None
        self._turn += 1
        return group[self._turn % len(group)][0]

    def release(self) -> None:
        """Let go of the states, which outlive this set."""
        for target in self.targets:
            target.state.unwatch(self.refresh)

    @property
    def is_starting_slowly(self) -> bool:
        """Whether weights still change by themselves, so that ``refresh`` is to be called once in a while."""
        until_s = self._clock_s() - self._selection.slow_start_s
        return bool(self._selection.slow_start_s) and any(target.state.fit_since_s > until_s for target in self.targets)

    def __repr__(self) -> str:
        fit = sum(target.state.is_fit for target in self.targets)
        return f"<TargetSet [targets: {fit} fit of {len(self.targets)}]>"
