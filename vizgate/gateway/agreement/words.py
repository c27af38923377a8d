"""What operators have said about the breakers of services.

In: ``BreakerWords``: the words that this gateway knows, each with its time, and which of two holds. Not in: breakers
(``gateway.service_parts.breakers``), and how words travel (``gateway.agreement.breakers``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from vizgate.breaker.machine import State

#: What an operator may say, as in ``POST /services/{service}/breaker/open``.
BreakerWord = Literal["open", "close", "auto"]
#: All of them, in the order in which they win when two are said at one time.
WORDS: Final[tuple[BreakerWord, ...]] = ("auto", "close", "open")

#: What each of them makes of a breaker; None gives it back to its rules.
FORCED: Final[dict[BreakerWord, State | None]] = {"open": State.OPEN, "close": State.CLOSED, "auto": None}

# Later than any word that is known, whatever the clock says; a double of seconds since the epoch tells less apart.
_NEXT_S = 0.001


class Said(NamedTuple):
    """A word and its time, in wall-clock seconds. The larger one of two is the one that holds."""

    stamp_s: float
    word: BreakerWord


class BreakerWords:
    """The last word about each service. They outlive plans, and grow with the services that somebody spoke about."""

    __slots__ = ("_said", "on_said")

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}
        #: Called after an operator has said something here.
        self.on_said: Callable[[], None] | None = None

    def say(self, service: str, word: BreakerWord, now_s: float) -> None:
        """An operator says *word* here and now, which is later than whatever is known. Args: now_s: wall clock; of one
        word that several workers are told it is the same for all, and who knows it already is told nothing new.
        """
        known = self._said.get(service)
        if known == Said(now_s, word):
            return
        self._said[service] = Said(now_s if known is None else max(now_s, known.stamp_s + _NEXT_S), word)
        if self.on_said is not None:
            self.on_said()

    def learn(self, service: str, said: Said) -> bool:
        """Something that was said elsewhere. Returns: whether it holds here now and did not before."""
        known = self._said.get(service)
        if known is not None and said <= known:
            return False
        self._said[service] = said
        return True

    def about(self, service: str) -> Said | None:
        """The last word; None when there never was one."""
        return self._said.get(service)

    def forced(self, service: str) -> State | None:
        """What the breakers of *service* are kept in; None for their own rules."""
        said = self._said.get(service)
        return None if said is None else FORCED[said.word]

    def __repr__(self) -> str:
        kept = sum(said.word != "auto" for said in self._said.values())
        return f"<BreakerWords [{kept} services forced]>"
