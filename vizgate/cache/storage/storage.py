"""What a cache holds: responses within a budget of bytes, the least recently used dropped first.

In: ``Storage``: finding, keeping, purging by address and by tag. Not in: whether a response may be stored or used
(``rules``).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, TypeVar

from vizgate.cache.ask.vary import VaryValues, vary_values
from vizgate.cache.storage.key import Address, ResourceKey
from vizgate.cache.storage.stored import StoredResponse
from vizgate.message.headers import Field

_K = TypeVar("_K")
_V = TypeVar("_V")

#: The most responses of one resource: what chooses among them comes from clients.
MAX_VARIANTS = 64


class Statistics(NamedTuple):
    """A snapshot. ``evicted``: dropped for want of room, since the beginning."""

    responses: int
    bytes_held: int
    bytes_budget: int
    evicted: int


class _Resource:
    """The responses of one key. ``varies``: what chooses among them, by the last one that came."""

    __slots__ = ("variants", "varies")

    def __init__(self) -> None:
        self.varies: tuple[bytes, ...] = ()
        self.variants: dict[VaryValues, StoredResponse] = {}


class Storage:
    """Responses of at most *budget_bytes* together. All of it is one thread's, the event loop's."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._resources: dict[ResourceKey, _Resource] = {}
        self._by_address: dict[Address, set[ResourceKey]] = {}
        self._by_tag: dict[bytes, set[StoredResponse]] = {}
        # The order is that of use, the least recent first.
        self._used: OrderedDict[StoredResponse, None] = OrderedDict()
        self._bytes = 0
        self._evicted = 0
        #: What is held beside it and is part of the budget: bodies that are on their way, and what was dropped while
        #: clients were still reading it.
        self.reserved_bytes = 0

    def find(self, key: ResourceKey, raw: list[Field]) -> StoredResponse | None:
        """The response to a request for *key* with fields *raw*, which counts as used."""
        resource = self._resources.get(key)
        if resource is None:
            return None
        stored = resource.variants.get(vary_values(resource.varies, raw) if resource.varies else ())
        if stored is not None:
            self._used.move_to_end(stored)
        return stored

    def varies(self, key: ResourceKey) -> tuple[bytes, ...] | None:
        """What chooses among the responses of *key*; None when there is none."""
        resource = self._resources.get(key)
        return None if resource is None else resource.varies

    def keep(self, stored: StoredResponse) -> bool:
        """Keep *stored* in place of what was there, and drop others until there is room; whether it is kept.

        Responses of the resource that other fields chose go, too: what the service last said about that counts.
        """
        if stored.size_bytes + self.reserved_bytes > self.budget_bytes:
            self.count_unread(stored)
            return False
        resource = self._resources.get(stored.key)
        if resource is not None:
            others = [*resource.variants.values()] if resource.varies != stored.varies else []
            same = resource.variants.get(stored.values)
            for found in others or ([same] if same is not None else []):
                self.drop(found)
        self._add(stored)
        if self._fit():
            return True
        self.drop(stored)
        return False

    def holds(self, stored: StoredResponse) -> bool:
        """Whether *stored* is still there."""
        return stored in self._used

    def reserve(self, size: int) -> bool:
        """Make room for *size* bytes that are to be held elsewhere until ``release``; False when there is none.

        What is stored makes room, as for what is stored next.
        """
        if self.reserved_bytes + size > self.budget_bytes:
            return False
        self.reserved_bytes += size
        if self._fit():
            return True
        self.reserved_bytes -= size
        return False

    def release(self, size: int) -> None:
        """Give back *size* bytes that were reserved."""
        self.reserved_bytes -= size

    def _fit(self) -> bool:
        """Drop what was not used for longest until all is within the budget; whether it is."""
        passed_by = 0
        while self._bytes + self.reserved_bytes > self.budget_bytes:
            if passed_by == len(self._used):
                return False
            oldest = next(iter(self._used))
            if oldest.readers:  # it is in use, and to drop it would free nothing
                self._used.move_to_end(oldest)
                passed_by += 1
            else:
                self._evict(oldest)
        return True

    def count_unread(self, stored: StoredResponse) -> None:
        """Count *stored*, which is not stored, as long as somebody reads it."""
        if stored.readers:
            size = stored.size_bytes
            self.reserved_bytes += size
            stored.unread = lambda: self.release(size)

    def _add(self, stored: StoredResponse) -> None:
        resource = self._resources.setdefault(stored.key, _Resource())
        if len(resource.variants) >= MAX_VARIANTS:
            self._evict(next(iter(resource.variants.values())))
        # Once more: it may have been the last one there.
        resource = self._resources.setdefault(stored.key, resource)
        resource.varies = stored.varies
        resource.variants[stored.values] = stored
        self._by_address.setdefault(stored.address, set()).add(stored.key)
        for tag in stored.tags:
            self._by_tag.setdefault(tag, set()).add(stored)
        self._used[stored] = None
        self._bytes += stored.size_bytes

    def _evict(self, stored: StoredResponse) -> None:
        self._evicted += 1
        self.drop(stored)

    def resize(self, budget_bytes: int) -> None:
        """Hold at most *budget_bytes* from now on."""
        self.budget_bytes = budget_bytes
        self._fit()

    def drop(self, stored: StoredResponse) -> None:
        """Forget *stored*; nothing happens when it is not there."""
        if stored not in self._used:
            return
        del self._used[stored]
        self._bytes -= stored.size_bytes
        variants = self._resources[stored.key].variants
        del variants[stored.values]
        if not variants:
            del self._resources[stored.key]
            _discard(self._by_address, stored.address, stored.key)
        for tag in stored.tags:
            _discard(self._by_tag, tag, stored)
        self.count_unread(stored)

    def purge(self, address: Address) -> int:
        """Forget every response of *address*, of whatever route and spelling; how many there were."""
        found = [
            stored for key in self._by_address.get(address, ()) for stored in self._resources[key].variants.values()
        ]
        return self._drop_all(found)

    def purge_tag(self, tag: bytes) -> int:
        """Forget every response with *tag*; how many there were."""
        return self._drop_all([*self._by_tag.get(tag, ())])

    def clear(self) -> int:
        """Forget everything; how many responses there were."""
        return self._drop_all([*self._used])

    def _drop_all(self, found: list[StoredResponse]) -> int:
        for stored in found:
            self.drop(stored)
        return len(found)

    def statistics(self) -> Statistics:
        """How much there is at present."""
        return Statistics(len(self._used), self._bytes, self.budget_bytes, self._evicted)

    def __repr__(self) -> str:
        return f"<Storage [{len(self._used)} responses, {self._bytes} of {self.budget_bytes} bytes]>"


def _discard(table: dict[_K, set[_V]], key: _K, value: _V) -> None:
    """Take *value* out of the set of *key*, which goes when it is empty."""
    table[key].discard(value)
    if not table[key]:
        del table[key]
