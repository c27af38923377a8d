"""A source of targets of a stranger's: what it does wrong is a source that has no answer.

In: ``GuardedDiscovery``. Not in: the sources of ours, which cost no guard, and what a service does without an answer
(``discovery.feed``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from vizgate.errors import CallFailed
from vizgate.extension.kinds.discovery import Discovered, Discovery, DiscoveryFailed
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import is_fault

# What it may raise; everything else is a fault.
_MEANT = (DiscoveryFailed, CallFailed)


class GuardedDiscovery(Discovery):
    """*inner*, held to its contract."""

    def __init__(self, inner: Discovery, faults: PluginFaults) -> None:
        super().__init__(inner.config, inner.context)
        self._inner = inner
        self._faults = faults

    @property
    def label(self) -> str:
        """See ``Discovery.label``."""
        return str(self._inner.label)

    async def start(self) -> None:
        """See ``Component.start``. Raises: DiscoveryFailed: it could not start."""
        try:
            await self._inner.start()
        except BaseException as error:
            if not is_fault(error):
                raise
            self._faults.count("start")
            raise DiscoveryFailed(f"{self._faults.name} failed to start: {self._faults.told(error)}") from error

    async def stop(self) -> None:
        """See ``Component.stop``."""
        try:
            await self._inner.stop()
        except BaseException as error:
            if not is_fault(error):
                raise
            self._faults.note("stop", error)

    async def watch(self) -> AsyncIterator[Discovered]:
        """See ``Discovery.watch``. Raises: DiscoveryFailed: it says so, or it did something else than to answer."""
        answers: AsyncIterator[Discovered] | None = None
        try:
            answers = self._inner.watch()
            async for answer in answers:
                yield _checked(answer)
        except _MEANT:
            raise
        except BaseException as error:
            if not is_fault(error):
                raise
            self._faults.note("run", error)
            raise DiscoveryFailed("its plugin failed") from None  # its text may be secret
        finally:
            close = getattr(answers, "aclose", None)
            if close is not None:
                await close()

    def __repr__(self) -> str:
        return f"<GuardedDiscovery {self._inner!r}>"


def _checked(answer: object) -> Discovered:
    if not isinstance(answer, Discovered):
        raise TypeError(f"a source gave {type(answer).__name__}, not Discovered")
    return answer
