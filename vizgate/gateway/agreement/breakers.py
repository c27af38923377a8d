"""What operators say about breakers, at whichever gateway of a store.

In: ``BreakerAgreement``, which leaves words in the store and finds those of others there. Not in: words
(``gateway.agreement.words``) and breakers (``gateway.service_parts.breakers``).

There is a key for each service, with the last word and its time, and one with a number that is another one after each
change. As long as that is the same, nothing else is asked. It is drawn, not counted: a store that has lost everything
must not come to a number that somebody has seen. Nor is it the time of the last word: with clocks that differ, a word
can be older than one that is known, about another service, and new all the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from secrets import randbits
from typing import ClassVar, Final

from vizgate.gateway.agreement.board import Board
from vizgate.gateway.agreement.words import WORDS, BreakerWords, Said

_log = logging.getLogger("vizgate.gateway")

# A fleet that was away for longer begins without words: who spoke them has forgotten by then.
_KEPT_S: Final = 86400.0
_CHANGE = "breakers"
# What a double holds of a whole number.
_BITS = 53
# Every so many rounds all words are looked at, whatever the number says: a gateway may die between a word and the
# number, and what is not asked for expires.
_FULL_LOOK: Final = 30

_NEVER = Said(0.0, "auto")


class BreakerAgreement:
    """Brings *words* and those of others together.

    Args: services: gives the names of those that have breakers now. follow: has the breakers of a service do what the
    words say.
    """

    stake: ClassVar[str] = "forced breakers are those of this gateway's own operator"

    def __init__(
        self, words: BreakerWords, services: Callable[[], Collection[str]], follow: Callable[[str], None], board: Board
    ) -> None:
        self._words = words
        self._services = services
        self._follow = follow
        self._board = board
        # Of these services all words are known that there were when the change was this one.
        self._known: frozenset[str] = frozenset()
        self._seen = 0.0
        self._rounds = 0
        self._is_behind = True
        self._store = board.store

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to agree about."""
        return bool(self._services())

    def say(self) -> None:
        """There is a word that the store does not have."""
        self._is_behind = True

    async def follow(self) -> None:
        """Leave the words that were said here, and follow those of others. Raises: StoreFailed: not all are known."""
        services = frozenset(self._services())
        self._rounds += 1
        if self._board.store is not self._store:
            self._store, self._is_behind = self._board.store, True
        change = await self._board.swap(_CHANGE, _KEPT_S, 0.0)
        is_full_look = self._rounds % _FULL_LOOK == 0
        if self._is_behind or is_full_look or change != self._seen or not services <= self._known:
            has_told = await self._settle(services)
            self._seen = change
            if has_told:
                await self._announce()

    async def _settle(self, services: frozenset[str]) -> bool:
        """Exchange the words about *services*. Returns: whether the store had not known one."""
        self._is_behind = False
        try:
            told = await asyncio.gather(*map(self._exchange, services))
        except BaseException:
            self._is_behind = True
            raise
        self._known = services
        return any(told)

    async def _announce(self) -> None:
        """Tell the others that there is something new, after it is there."""
        self._is_behind = True
        drawn = float(1 + randbits(_BITS - 1))
        before = await self._board.swap(_CHANGE, _KEPT_S, drawn)
        # If it was another one meanwhile, somebody else has had something to say.
        self._is_behind = before != self._seen
        self._seen = drawn

    async def _exchange(self, service: str) -> bool:
        """Leave the word about *service*, or take the one that is there. Returns: whether it was left."""
        mine = self._words.about(service) or _NEVER
        brought = (mine.stamp_s, float(WORDS.index(mine.word)))
        found = await self._board.latest(f"breaker:{service}", _KEPT_S, *brought)
        stamp_s, code = found
        if stamp_s and code in range(len(WORDS)):
            self._learn(service, Said(stamp_s, WORDS[int(code)]))
        return found < brought

    def _learn(self, service: str, said: Said) -> None:
        if self._words.learn(service, said):
            self._follow(service)
            _log.info("service %s: breaker %s, as was said at another gateway or before", service, said.word)

    def __repr__(self) -> str:
        return f"<BreakerAgreement [{'behind' if self._is_behind else 'settled'}] {self._words!r}>"
