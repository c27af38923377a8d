"""What a balancing rule is.

In: ``Balancer`` and ``Member``. Not in: the rules (``balancer``), which targets may be asked at all
(``pipeline.target_set``), and the number that a request is hashed to (``balancer.hashing.key``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.pipeline.target_state import TargetState


class BalancerConfig(ComponentConfig):
    """The settings of a balancer of one's own, next to ``use:``."""


NONE_EXCLUDED: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """A target that may be asked now.

    ``index``: its number in the service, which ``pick`` gives. ``weight``: its share relative to the others, above 0;
    less than the configured one while it starts slowly. ``state``: its numbers, which change while it is used.
    """

    index: int
    weight: float
    state: TargetState


class Balancer(Component):
    """Base class of balancing rules: which of the members is asked next.

    Used by one event loop at a time. The same calls give the same choices, chance included: it comes from
    ``context.random``. ``vizgate.testing.check_balancer`` holds it to its contract.

    ``wants_load``: whether attempts are counted and told (``state.in_flight``, ``started``, ``ended``); a rule that
    looks at none of that says so, and costs less. ``wants_latency``: whether ``state.latency_s`` is kept.
    ``wants_key``: whether ``pick`` is to be given the number that the request is hashed to; ``hash_on`` says what that
    is made from: ``ip``, ``path``, ``header:NAME`` or ``cookie:NAME``.
    """

    Config: ClassVar[type[ComponentConfig]] = BalancerConfig
    wants_load: ClassVar[bool] = True
    wants_latency: ClassVar[bool] = False
    wants_key: ClassVar[bool] = False
    hash_on: str = "ip"

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self.members: tuple[Member, ...] = ()

    @classmethod
    def of(cls, weights: Sequence[float], **settings: Any) -> Self:
        """A balancer for as many targets as there are *weights*, for use without a gateway. Args: settings: to
        ``__init__``.
        """
        balancer = cls(**settings)
        balancer.update(
            tuple(Member(index, weight, TargetState("", str(index))) for index, weight in enumerate(weights))
        )
        return balancer

    def update(self, members: tuple[Member, ...]) -> None:
        """Take *members* for those that may be asked from now on: called at first, and whenever that changes."""
        self.members = members

    @abstractmethod
    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:
        """The index of the member to ask, never one in *excluded*; None when there is none.

        Args: excluded: few: the targets that this request was sent to already. key: see ``wants_key``; 64 bits.
        """

    def started(self, index: int) -> None:
        """An attempt at the target *index* begins; its ``state.in_flight`` counts it already."""

    def ended(self, index: int) -> None:
        """An attempt has ended, and is counted no more; also of targets that are no members any longer."""

    @contextmanager
    def attempt(self, index: int) -> Iterator[Member]:
        """Count an attempt at member *index* as long as the block runs, for use without a gateway.

        Raises: LookupError: there is no such member.
        """
        member = next((member for member in self.members if member.index == index), None)
        if member is None:
            raise LookupError(f"no member has the index {index}")
        member.state.in_flight += 1
        self.started(index)
        try:
            yield member
        finally:
            member.state.in_flight -= 1
            self.ended(index)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{len(self.members)} members]>"
