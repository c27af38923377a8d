"""A balancing rule of a stranger's: whatever it picks, the gateway asks a member or nobody.

In: ``GuardedBalancer``. Not in: the rules of ours, which cost no guard.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import PluginFailed, is_fault


class GuardedBalancer(Balancer):
    """*inner*, held to its contract: a request that it fails on gets 500, and what it is told of never fails."""

    def __init__(self, inner: Balancer, faults: PluginFaults) -> None:
        super().__init__(inner.config, inner.context)
        self._inner = inner
        self._faults = faults
        self._indexes: frozenset[int] = frozenset()

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        super().update(members)
        self._indexes = frozenset(member.index for member in members)
        try:
            self._inner.update(members)
        except BaseException as error:  # noqa: BLE001  # whoever changes the members has nothing to do with the rule
            self._note(error)

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:
        """See ``Balancer.pick``. Raises: PluginFailed: it failed, or picked what it must not."""
        try:
            picked = self._inner.pick(excluded, key)
            if picked is None:
                return None
            # One that is excluded would be picked for ever.
            if picked not in self._indexes or picked in excluded:
                raise ValueError(f"it picked {picked!r}, which is not to be asked now")  # noqa: TRY301  # one way out
        except BaseException as error:
            self._note(error)
            raise PluginFailed from error
        return picked

    def started(self, index: int) -> None:
        """See ``Balancer.started``."""
        try:
            self._inner.started(index)
        except BaseException as error:  # noqa: BLE001  # the attempt is counted, and must come to its end
            self._note(error)

    def ended(self, index: int) -> None:
        """See ``Balancer.ended``."""
        try:
            self._inner.ended(index)
        except BaseException as error:  # noqa: BLE001  # as above
            self._note(error)

    def _note(self, error: BaseException) -> None:
        if not is_fault(error):
            raise error
        self._faults.note("call", error)

    def __repr__(self) -> str:
        return f"<GuardedBalancer {self._inner!r}>"
