"""What routes with one cache share.

In: ``HttpCache``: what is stored, what is on its way, and purging both. Not in: requests (``cache.middleware``).
"""

from __future__ import annotations

from vizgate.cache.flight.flights import Flights
from vizgate.cache.storage.key import Address, address_of_url
from vizgate.cache.storage.storage import Statistics, Storage


class HttpCache:
    """The memory of one zone. It is empty as long as nobody uses it.

    What is purged is neither given to anybody who asks later, nor stored by who has asked before.
    """

    def __init__(self) -> None:
        self.storage = Storage(0)
        self.flights = Flights()
        self._sizes: list[int] = []

    @property
    def is_used(self) -> bool:
        """Whether anybody has entered and not left."""
        return bool(self._sizes)

    def enter(self, size_bytes: int) -> None:
        """Be used by one more, who wants *size_bytes*."""
        self._sizes.append(size_bytes)
        self.storage.resize(max(self._sizes))

    def leave(self, size_bytes: int) -> None:
        """Be used by one less, who had entered with *size_bytes*; after the last one it is empty."""
        self._sizes.remove(size_bytes)
        self.storage.resize(max(self._sizes, default=0))

    def purge(self, url: str) -> int:
        """Forget every answer for the absolute *url*, whatever its route, spelling and variant; how many there were.

        Raises: ValueError: *url* is none of http or https.
        """
        return self.invalidate(address_of_url(url))

    def invalidate(self, address: Address) -> int:
        """As ``purge``, by address."""
        self.flights.outdate(address)
        return self.storage.purge(address)

    def purge_tag(self, tag: str) -> int:
        """Forget every answer with *tag* in its ``Surrogate-Key`` or ``Cache-Tag``; how many there were."""
        # What is on its way has no tags that could be known.
        self.flights.outdate()
        return self.storage.purge_tag(tag.encode("latin-1", "replace"))

    def clear(self) -> None:
        """Forget everything."""
        self.flights.outdate()
        self.flights.forget_marks()
        self.storage.clear()

    def statistics(self) -> Statistics:
        """How much it holds."""
        return self.storage.statistics()

    def __repr__(self) -> str:
        return f"<HttpCache [{self.storage!r}, {self.flights!r}]>"
