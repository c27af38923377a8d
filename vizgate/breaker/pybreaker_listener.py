"""Listeners and storages of pybreaker behind a breaker of ours.

In: ``PybreakerListener``. Not in: pybreaker's own machine, which lets every concurrent call through when it is half
open and takes a cancelled task for a failure (docs/adr/0017-circuit-breaker.md).

::

    shown = pybreaker.CircuitBreaker(name="billing", listeners=[Pager()], state_storage=storage)
    breaker = CircuitBreaker(name="billing", listeners=(PybreakerListener(shown),))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizgate.breaker.circuit_breaker import CircuitBreaker
from vizgate.breaker.machine import State

if TYPE_CHECKING:
    import pybreaker


class PybreakerListener:
    """Keeps *shown* in the state of our breaker, so that its listeners are told and its storage holds it.

    Calls go through ours alone: *shown* decides nothing. A storage over the network is written in the thread of the
    call that changed the state; that is seldom, but it blocks.
    """

    def __init__(self, shown: pybreaker.CircuitBreaker) -> None:
        self._shown = shown

    def changed(self, breaker: CircuitBreaker, before: State) -> None:  # noqa: ARG002  # see ``BreakerListener``
        """See ``BreakerListener``."""
        if breaker.state is State.OPEN:
            self._shown.open()
        elif breaker.state is State.HALF_OPEN:
            self._shown.half_open()
        else:
            self._shown.close()

    def called(self, breaker: CircuitBreaker, error: BaseException | None) -> None:  # noqa: ARG002  # as above
        """See ``BreakerListener``."""
        for listener in self._shown.listeners:
            if error is None:
                listener.success(self._shown)
            else:
                listener.failure(self._shown, error)

    def __repr__(self) -> str:
        return f"<PybreakerListener of {self._shown.name!r}>"
