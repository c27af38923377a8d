"""What the workers of a gateway have counted, those that are gone included.

In: ``Ledger``. Not in: the rules of adding up (``metrics.fleet.merge``).
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Sequence

from vizgate.observe.metrics.fleet.families import Family
from vizgate.observe.metrics.fleet.merge import cumulative, merged, with_label


class Ledger:
    """The last numbers of every worker, so that no total ever goes back.

    Its size is that of one process's metrics for each worker that lives, and once more for all that do not. Any thread
    may use it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Hashable, tuple[Family, ...]] = {}
        self._departed: tuple[Family, ...] = ()

    def note(self, worker: Hashable, families: Sequence[Family], label: str) -> None:
        """*worker* has these numbers now. Args: label: what the figures of its process are told from others' by."""
        labelled = with_label(families, label)
        with self._lock:
            self._seen[worker] = labelled

    def depart(self, worker: Hashable) -> None:
        """*worker* is gone; what it has counted stays."""
        with self._lock:
            self._departed = merged([self._departed, cumulative(self._seen.pop(worker, ()))])

    def forget_histograms(self) -> None:
        """Drop the histograms of those that are gone: their bounds are others than those of today."""
        with self._lock:
            self._departed = tuple(family for family in self._departed if family.kind != "histogram")

    def pages(self, present: Iterable[Hashable]) -> list[Sequence[Family]]:
        """What ``merged`` makes one of; as it is now, whatever happens to the ledger meanwhile.

        Args: present: workers whose numbers are of now; of the others what only grows is taken.
        """
        present = set(present)
        live = [families for worker, families in self._seen.items() if worker in present]
        rest = [cumulative(families) for worker, families in self._seen.items() if worker not in present]
        return [*live, *rest, self._departed]

    def __repr__(self) -> str:
        return f"<Ledger [{len(self._seen)} workers, {len(self._departed)} families of others]>"
