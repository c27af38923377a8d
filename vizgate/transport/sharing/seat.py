"""A worker's place among the workers of one gateway.

In: ``Seat``. Not in: the memory behind it (``sharing.page``).
"""

from __future__ import annotations

from vizgate.clock import Clock
from vizgate.transport.sharing.page import LoadPage
from vizgate.transport.sharing.turns import leaves_it


class Seat:
    """Worker *number* in *page*.

    ``leaves_queues``: whether what waits in the queues is left to the others when this worker closes its sockets.
    """

    __slots__ = ("_clock", "_connections", "_has_left", "_page", "leaves_queues", "number")

    def __init__(self, page: LoadPage, number: int, clock: Clock) -> None:
        self.number = number
        self.leaves_queues = False
        self._page = page
        self._clock = clock
        self._connections = 0
        self._has_left = False

    def take(self) -> None:
        """Be one of those that connections are left to."""
        self._page.enter(self.number, self._clock.monotonic())

    def patrol(self) -> None:
        """Say that the loop turns; see ``transport.deadlines.Patrolled``."""
        if not self._has_left:
            self._page.look(self.number, self._clock.monotonic())

    def tell(self, connections: int) -> None:
        """So many *connections* are open here."""
        self._connections = connections
        if not self._has_left:
            self._page.tell(self.number, connections)

    def rest(self, *, wanted: bool) -> None:
        """Step back, or be back."""
        self._page.rest(self.number, wanted=wanted)

    @property
    def connections_elsewhere(self) -> int:
        """How many connections the other workers have."""
        return self._page.total(self.number)

    @property
    def leaves_it(self) -> bool:
        """Whether the next connection is better left to another worker, for a moment."""
        return leaves_it(self._connections, self._page.others(self.number), self._clock.monotonic())

    def leave(self) -> None:
        """Accept no more, for good."""
        self._has_left = True
        self._page.leave(self.number)

    def __repr__(self) -> str:
        return f"<Seat {self.number} [{self._connections} connections here, {self.connections_elsewhere} elsewhere]>"
