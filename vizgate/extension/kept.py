"""What a component finds again after a reload.

In: ``Kept`` and what may be kept. Not in: numbers that several workers share (``extension.store``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar, cast


class Keepable(Protocol):
    """Something that outlives the component that made it."""

    def clear(self) -> None:
        """Forget everything, as if it had just been made."""
        ...


_T = TypeVar("_T", bound=Keepable)


class Kept:
    """Things by kind and name. A configuration that is loaded anew makes its components anew; what they asked for here
    is the same as before.
    """

    def __init__(self) -> None:
        self._things: dict[tuple[type[Keepable], str], Keepable] = {}

    def get(self, kind: type[_T], name: str, make: Callable[[], _T], fits: Callable[[_T], bool] | None = None) -> _T:
        """The *kind* called *name*, by *make* when there is none.

        Args: fits: whether one that is there may be had. Where it may not, because what it was made by has changed,
        another one takes its place.
        """
        found = self.find(kind, name)
        if found is None or not (fits is None or fits(found)):
            found = make()
            self._things[kind, name] = found
        return found

    def find(self, kind: type[_T], name: str) -> _T | None:
        """The *kind* called *name*, None when there is none."""
        return cast("_T | None", self._things.get((kind, name)))

    def replace(self, things: Mapping[tuple[type[Keepable], str], Keepable]) -> None:
        """Keep *things* and nothing else."""
        self._things = dict(things)

    def all(self, kind: type[_T]) -> list[_T]:
        """Everything of *kind*."""
        return [cast("_T", thing) for (found, _), thing in self._things.items() if found is kind]

    def clear(self) -> None:
        """Have everything forget what it holds."""
        for thing in self._things.values():
            thing.clear()

    def __repr__(self) -> str:
        return f"<Kept [{len(self._things)} things]>"
