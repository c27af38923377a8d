"""State that must be one across workers and machines: a few numbers under a key, changed by small atomic programs.

In: what a store and its programs are. Not in: the stores (``store``) and the programs (``limiter``, ``auth``).

A limit counts right only when reading, deciding and writing are one step wherever the numbers live. So the decision
itself travels to them: a ``Program`` is written twice, as a Python function for stores of this machine and as Lua for
Redis, and one test suite holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from vizgate.errors import VizgateError

#: The numbers under one key. A store keeps at least ``MAX_CELLS`` of them as IEEE 754 doubles.
Cells = tuple[float, ...]
MAX_CELLS = 4

NO_CELLS: Cells = ()


class StoreFailed(VizgateError):
    """The store could not run a program: it is away, or too slow. Whoever asked decides what that means."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a program did: the new *cells* (``NO_CELLS`` forgets the key), how many seconds they mean anything, and the
    *result*.
    """

    cells: Cells
    ttl_s: float
    result: Cells


class Program(Protocol):
    """A pure function of the cells of one key.

    ``name``: unique. ``lua``: the same as a Redis script: ``KEYS[1]`` is a key, ``ARGV`` holds the arguments after the
    time as the store sees it (``ARGV[1]``, seconds since the epoch), and it returns an array of numbers as text.
    """

    name: ClassVar[str]
    lua: ClassVar[str]

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """The next state and the result.

        Args: cells: ``NO_CELLS`` for a new or expired key. now_s: wall-clock seconds.
        """
        ...


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
