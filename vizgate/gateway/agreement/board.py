"""Where gateways of one store leave things for each other.

In: ``Board``, which asks the store and looks at its answers. Not in: the programs (``gateway.agreement.programs``) and
what is left (``gateway.agreement.affinity``, ``gateway.agreement.breakers``).
"""

from __future__ import annotations

from collections.abc import Callable

from vizgate.extension.store import Cells, Program, Store, StoreFailed
from vizgate.gateway.agreement.programs import KEEP_FIRST, KEEP_LATEST, SWAP
from vizgate.store.memory import MemoryStore


class Board:
    """Keys of a store that no limit and no list has. Args: store: gives the present one; a reload may change it."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    @property
    def store(self) -> Store:
        """Where things are left at present."""
        return self._store()

    @property
    def is_shared(self) -> bool:
        """Whether other gateways can see what is left."""
        return not isinstance(self._store(), MemoryStore)

    async def first(self, name: str, kept_s: float, brought: Cells) -> Cells:
        """What was left under *name* first: by somebody else, or *brought* by this call.

        Args: kept_s: how long it is kept after the last call of anybody. Raises: StoreFailed.
        """
        found = await self._run(KEEP_FIRST, name, (kept_s, *brought))
        if len(found) != len(brought):
            raise StoreFailed(f"it has {len(found)} numbers for {name}, not {len(brought)}")
        return found

    async def latest(self, name: str, kept_s: float, stamp_s: float, value: float) -> tuple[float, float]:
        """The stamp and the value that were under *name* before, zeros for none; those of this call stay there if
        they are later. Args: kept_s: see ``first``. stamp_s: 0 to ask only. Raises: StoreFailed.
        """
        found = await self._run(KEEP_LATEST, name, (kept_s, stamp_s, value))
        if len(found) != 2:
            raise StoreFailed(f"it has {len(found)} numbers for {name}, not 2")
        return found

    async def swap(self, name: str, kept_s: float, number: float) -> float:
        """The number that was under *name* before, 0 for none; *number* is there then, unless it is 0.

        Args: kept_s: see ``first``. Raises: StoreFailed.
        """
        found = await self._run(SWAP, name, (kept_s, number))
        if len(found) != 1:
            raise StoreFailed(f"it has {len(found)} numbers for {name}, not 1")
        return found[0]

    async def _run(self, program: Program, name: str, arguments: Cells) -> Cells:
        answer = self._store().run(program, b"agreement:" + name.encode("utf-8", "surrogatepass"), arguments)
        return answer if isinstance(answer, tuple) else await answer
