"""What operators have said and is to hold for workers that start later, too.

In: ``StandingOrders``. Not in: doing it (``Operator``). One process does not need it: there the state itself lives on.
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.gateway.operations.operation import Arguments, Key, Operation


class StandingOrders:
    """Remembers the last word under each key, in the order in which they were said.

    Its size is bounded by what the orders are about: targets, services, limits, and the most blocks there may be.
    """

    def __init__(self) -> None:
        self._orders: dict[Key, tuple[Operation, Arguments]] = {}

    def remember(self, operation: Operation, arguments: Arguments) -> None:
        """Remember that *operation* was done with *arguments*, as far as that is to last."""
        key = operation.standing(arguments)
        if key is None:
            return
        self._orders.pop(key, None)
        if operation.is_undo:
            self._orders = {known: order for known, order in self._orders.items() if known[: len(key)] != key}
        else:
            self._orders[key] = (operation, arguments)

    def reloaded(self) -> None:
        """Forget what a reload ends."""
        self._orders = {key: order for key, order in self._orders.items() if not order[0].until_reload}

    def __iter__(self) -> Iterator[tuple[str, Arguments]]:
        """The name and the arguments of each, to be performed in this order."""
        return iter([(operation.name, arguments) for operation, arguments in self._orders.values()])

    def __len__(self) -> int:
        return len(self._orders)

    def __repr__(self) -> str:
        return f"<StandingOrders [{len(self)}]>"
