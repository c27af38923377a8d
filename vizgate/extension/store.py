"""State that must be one across workers and machines: a few numbers under a key, changed by small atomic programs.

In: what a store and its programs are. Not in: the stores (``store``) and the programs (``limiter``, ``auth``).

A limit counts right only when reading, deciding and writing are one step wherever the numbers live. So the decision
itself travels to them: a ``Program`` is written twice, as a Python function for stores of this machine and as Lua for
Redis, and one test suite holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, Final, NamedTuple, Protocol

from vizgate.errors import VizgateError

#: The numbers under one key. A store keeps at least ``MAX_CELLS`` of them as IEEE 754 doubles.
Cells = tuple[float, ...]
MAX_CELLS = 4

NO_CELLS: Cells = ()


class StoreFailed(VizgateError):
    """The store could not run a program: it is away, or too slow. Whoever asked decides what that means."""


# A tuple, because one is made for every decision: a frozen dataclass costs three times as much.
class Step(NamedTuple):
    """What a program did: the new *cells* (``NO_CELLS`` forgets the key), how many seconds they mean anything (0 or
    less: the key is forgotten), and the *result*.
    """

    cells: Cells
    ttl_s: float
    result: Cells


class Program(Protocol):
    """A pure function of the cells of one key, in two languages.

    ``name``: unique. ``lua``: the body of a Lua 5.1 function of ``cells``, ``now`` and ``arguments``: the same as
    those of ``run``, numbers in arrays that begin at 1; ``cells`` is empty for a new or expired key. It returns three
    values, those of ``Step``: ``return {level, now}, ttl, {1, wait}``. It keeps nothing itself, calls no command of
    Redis, and takes the time from ``now`` alone.

    A program may say ``is_lasting = True`` (see ``is_lasting``): then its keys leave a full store after all others.
    """

    name: ClassVar[str]
    lua: ClassVar[str]

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """The next state and the result.

        Args: cells: ``NO_CELLS`` for a new or expired key, else at most ``MAX_CELLS``. now_s: wall-clock seconds as the
        store sees them; they may jump, also back.
        """
        ...


def is_lasting(program: Program) -> bool:
    """Whether keys of *program* outlast others in a full store: when they leave early, somebody gets in, who must not.

    Counters of limits are no such keys: anybody can make as many of them as they like.
    """
    return getattr(program, "is_lasting", False) is True


class Store(Protocol):
    """Runs programs, each as one step that no other process sees half of."""

    #: Whether ``run`` answers at once; else it gives an awaitable.
    is_local: bool

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells | Awaitable[Cells]:
        """The result of *program* on the cells of *key*.

        Raises (at once or when awaited): StoreFailed: it was not run, or nobody knows whether it was.
        """
        ...

    async def start(self) -> None:
        """Get ready. A store that is away does not keep a gateway from starting."""
        ...

    async def stop(self) -> None:
        """Let go of everything."""
        ...


class _NoStore:
    """Refuses everything: what a component has that was made without a gateway."""

    is_local = True

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:  # noqa: ARG002  # the signature of Store
        """Raises: StoreFailed: always."""
        raise StoreFailed("no store here. Give the component a Context with one")

    async def start(self) -> None:
        """See ``Store.start``."""

    async def stop(self) -> None:
        """See ``Store.stop``."""


NO_STORE: Final[Store] = _NoStore()
