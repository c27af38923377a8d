"""The flights of a cache, and what is not worth one.

In: ``Flights``. Not in: a flight (``flight.flight``).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from vizgate.cache.flight.flight import Flight, FlightKey
from vizgate.cache.storage.key import Address

#: The most keys that are remembered as not worth a flight.
MAX_MARKS = 4096


class Mark(Enum):
    """What the last flight of a key has taught."""

    #: Its answer must not be stored: whoever asks goes to the service, and waits for nobody.
    PASS = "pass"  # noqa: S105  # no secret: a word for passing by
    #: Its answer may be stored, but has to be asked for each time.
    ALONE = "alone"


class Flights:
    """Flights by key, and those that go alone.

    A request that had to wait for an answer that helps it nothing would have been better off alone, and a queue of
    such requests would be served one by one; so what was seen to be of no use to others is remembered for a while.
    """

    def __init__(self) -> None:
        self._by_key: dict[FlightKey, Flight] = {}
        self._all: set[Flight] = set()
        # By the hash of a key: what clients choose may be long, and two keys with one hash only go alone for a while.
        self._marks: OrderedDict[int, tuple[Mark, float, float]] = OrderedDict()

    def get(self, key: FlightKey) -> Flight | None:
        """The flight that others may join."""
        return self._by_key.get(key)

    def start(self, flight: Flight, run: Callable[[], Coroutine[Any, Any, None]], *, is_open: bool) -> None:
        """Start *run*. Args: is_open: whether others may join it."""
        if is_open:
            self._by_key[flight.key] = flight
        self._all.add(flight)
        flight.task = asyncio.get_running_loop().create_task(run())
        flight.task.add_done_callback(lambda _: self._ended(flight))

    def _ended(self, flight: Flight) -> None:
        self._all.discard(flight)
        self.close(flight)
        # A task that is cancelled before its first step tells nobody.
        flight.settle()

    def close(self, flight: Flight) -> None:
        """Let nobody else join *flight*."""
        if self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]

    def outdate(self, address: Address | None = None) -> None:
        """Have nothing stored, or given to who asks from now on, that is on its way for *address*; None for all."""
        for flight in self._all:
            if address is None or flight.address == address:
                flight.is_outdated = True
                self.close(flight)

    def mark(self, key: FlightKey, mark: Mark, now_s: float, for_s: float) -> None:
        """Remember *mark* from *now_s* (monotonic seconds) on, for *for_s* seconds."""
        self._marks[hash(key)] = mark, now_s + for_s, for_s
        self._marks.move_to_end(hash(key))
        if len(self._marks) > MAX_MARKS:
            self._marks.popitem(last=False)

    def unmark(self, key: FlightKey) -> None:
        """Forget what was remembered."""
        self._marks.pop(hash(key), None)

    def mark_of(self, key: FlightKey, now_s: float) -> Mark | None:
        """What is remembered of *key*.

        When the time is over, whoever asks first is told nothing, and finds out anew; for the others it begins again:
        they need not wait for that, which would be for nothing as a rule.
        """
        found = self._marks.get(hash(key))
        if found is None:
            return None
        if now_s >= found[1]:
            self.mark(key, found[0], now_s, found[2])
            return None
        return found[0]

    def forget_marks(self) -> None:
        """Forget what was remembered of all keys."""
        self._marks.clear()

    async def stop(self) -> None:
        """Break off every flight."""
        tasks = [flight.task for flight in self._all if flight.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def __repr__(self) -> str:
        return f"<Flights [{len(self._all)} under way, {len(self._marks)} marks]>"
