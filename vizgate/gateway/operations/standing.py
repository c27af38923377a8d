"""What operators have said and is to hold for workers that start later, too.

In: ``StandingOrders``. Not in: doing it (``Operator``). One process does not need it: there the state itself lives on.
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.access.blocklist.blocks import MAX_BLOCKS
from vizgate.clock import Clock
from vizgate.gateway.operations.operation import Arguments, Key, Operation

#: As many as there may be blocks, and as many others.
MOST_ORDERS = 2 * MAX_BLOCKS


class StandingOrders:
    """Remembers the last word under each key, in the order in which they were said, until its time is over.

    Its size is bounded by what the orders are about: targets, services, limits, and the most blocks there may be at a
    time. Targets that are discovered come and go, so there is a bound besides, beyond which the oldest are forgotten.
    """

    def __init__(self, clock: Clock, most: int = MOST_ORDERS) -> None:
        self._clock = clock
        self._most = most
        self._orders: dict[Key, tuple[Operation, Arguments]] = {}

    def remember(self, operation: Operation, arguments: Arguments) -> None:
        """Remember that *operation* was done with *arguments*, as far as that is to last."""
        key = operation.standing(arguments)
        if key is None:
            return
        self._orders.pop(key, None)
        self._forget_ended()
        if operation.is_undo:
            self._orders = {known: order for known, order in self._orders.items() if known[: len(key)] != key}
        else:
            self._orders[key] = (operation, arguments)
        while len(self._orders) > self._most:
            del self._orders[next(iter(self._orders))]

    def _forget_ended(self) -> None:
        now_s = self._clock.wall()
        ended = [key for key, (_, arguments) in self._orders.items() if arguments.get("until", now_s + 1.0) <= now_s]
        for key in ended:
            del self._orders[key]

    def reloaded(self) -> None:
        """Forget what a reload ends."""
        self._orders = {key: order for key, order in self._orders.items() if not order[0].until_reload}

    def __iter__(self) -> Iterator[tuple[str, Arguments]]:
        """The name and the arguments of each, to be performed in this order."""
        self._forget_ended()
        return iter([(operation.name, arguments) for operation, arguments in self._orders.values()])

    def __len__(self) -> int:
        return len(self._orders)

    def __repr__(self) -> str:
        return f"<StandingOrders [{len(self)}]>"
