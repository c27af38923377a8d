"""A store of a stranger's: what it does wrong is a store that failed.

In: ``GuardedStore``. Not in: the stores of ours, which cost no guard, and what a limit does without its store
(``on_store_failure``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import is_fault

#: The longest that a program may take, in seconds. A store over the network has a bound of its own, far below.
PATIENCE_S = 5.0


class GuardedStore(StoreComponent):
    """*inner*, held to its contract. Args: patience_s: how long it may take over one program."""

    def __init__(self, inner: StoreComponent, faults: PluginFaults, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__(inner.config, inner.context)
        self.is_local = inner.is_local is True
        self._inner = inner
        self._faults = faults
        self._patience_s = patience_s

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells | Awaitable[Cells]:
        """See ``Store.run``. Raises: StoreFailed: it says so, or it did something else than to answer."""
        try:
            answer = self._inner.run(program, key, arguments)
            if self.is_local or not isinstance(answer, Awaitable):
                return _checked(answer)
        except StoreFailed:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it raises is its own fault
            raise self._failed(error) from None  # its text may be secret
        return self._later(answer)

    async def _later(self, answer: Awaitable[Cells]) -> Cells:
        try:
            async with asyncio.timeout(self._patience_s):
                return _checked(await answer)
        except StoreFailed:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it raises is its own fault
            raise self._failed(error) from None  # its text may be secret

    def _failed(self, error: BaseException) -> BaseException:
        """What is raised for *error*: itself where it is meant for whoever asks."""
        if not is_fault(error):
            return error
        self._faults.note("call", error)
        return StoreFailed("the store's plugin failed")

    def __repr__(self) -> str:
        return f"<GuardedStore {self._inner!r}>"


def _checked(answer: object) -> Cells:
    if not isinstance(answer, tuple) or not all(isinstance(number, (int, float)) for number in answer):
        raise TypeError(f"a store gave {type(answer).__name__}, not a tuple of numbers")
    return answer
