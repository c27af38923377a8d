"""Which targets operators have drained, whether or not they are there.

In: ``DrainedTargets``, pure. Not in: the targets that are there (``pipeline.target_state``).
"""

from __future__ import annotations

#: Names that come and go with every deployment must not fill the memory: the order that is oldest is forgotten.
_MOST = 10_000


class DrainedTargets:
    """By service and address. A target that leaves and comes back, as discovery has it, is still drained."""

    __slots__ = ("_addresses", "_most")

    def __init__(self, most: int = _MOST) -> None:
        self._addresses: dict[tuple[str, str], None] = {}
        self._most = most

    def add(self, service: str, address: str) -> None:
        """An operator has drained it."""
        self._addresses[service, address] = None
        if len(self._addresses) > self._most:
            del self._addresses[next(iter(self._addresses))]

    def discard(self, service: str, address: str) -> bool:
        """An operator has enabled it. Returns: whether it was drained."""
        return self._addresses.pop((service, address), self) is None

    def has(self, service: str, address: str) -> bool:
        """Whether it is drained."""
        return (service, address) in self._addresses

    def __repr__(self) -> str:
        return f"<DrainedTargets [{len(self._addresses)}]>"
