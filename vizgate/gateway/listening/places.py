"""What tells the listeners of a configuration from each other.

In: ``places_of``. Not in: listening (``transport.listener``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vizgate.config.model import ListenConfig


def places_of(listen: Sequence[ListenConfig]) -> tuple[str, ...]:
    """A word for each of *listen*, the same in every configuration that has the address.

    Equal addresses, which ports of the system's choice are, are told apart by their order.
    """
    seen: Counter[str] = Counter()
    places = []
    for item in listen:
        address = str(item.address)
        seen[address] += 1
        places.append(address if seen[address] == 1 else f"{address} ({seen[address]})")
    return tuple(places)
