"""Which routes the tests of a configuration reach.

In: ``Coverage``. Not in: running the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vizgate.config.problems import listing


@dataclass(frozen=True, slots=True)
class Coverage:
    """``routes``: how many there are. ``missed``: the names of those that no test reaches, in the order of the file."""

    routes: int = 0
    missed: tuple[str, ...] = ()

    @classmethod
    def of(cls, routes: Iterable[str], taken: Iterable[str]) -> Coverage:
        """The coverage of *routes* when requests have taken those in *taken*."""
        names, reached = list(routes), set(taken)
        return cls(len(names), tuple(name for name in names if name not in reached))

    @property
    def share(self) -> float:
        """From 0.0 to 1.0; all of nothing is all."""
        return 1.0 - len(self.missed) / self.routes if self.routes else 1.0

    def __str__(self) -> str:
        reached = self.routes - len(self.missed)
        # Not rounded up: what is not all is not 100%.
        text = f"tests reach {reached} of {self.routes} routes ({int(self.share * 1000) / 10:g}%)"
        return f"{text}; none reaches {listing(self.missed)}" if self.missed else text
