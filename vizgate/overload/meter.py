"""Measures how late the event loop runs and how large the process is.

In: ``PressureMeter``. Not in: what follows (``overload.pressure``).
"""

from __future__ import annotations

import resource
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.overload.pressure import Pressure

_MEMORY_EVERY_S = 1.0
_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """The memory of this process. Raises: OSError: the system has no ``/proc``."""
    # It is no file on a disk: the read takes some microseconds and does not wait.
    return int(_STATM.read_bytes().split()[1]) * resource.getpagesize()


class PressureMeter(Component):
    """Looks at the clock at every sweep of the deadlines, and at the memory once a second.

    Args: pressure: what is told. sweeps: whoever stands in it is called (``patrol``) at every sweep. tick_s: how far
    the sweeps are apart when nothing is late. memory: measures; None where nobody asks for it.
    """

    def __init__(
        self,
        pressure: Pressure,
        sweeps: MutableMapping[Any, None],
        tick_s: float,
        context: Context,
        memory: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(ComponentConfig(), context)
        self._pressure = pressure
        self._sweeps = sweeps
        self._tick_s = tick_s
        self._memory = memory
        self._last_s = 0.0
        self._memory_at_s = 0.0

    async def start(self) -> None:
        """Begin to measure. Raises: VizgateError: the memory cannot be measured on this system."""
        if self._memory is not None:
            try:
                # Only whether it can be: who is started and never swept, as in a rehearsal, must turn nobody away.
                self._memory()
            except OSError as exc:
                raise VizgateError("server.overload.memory needs /proc, which this system has not. Remove it") from exc
        self._last_s = 0.0
        self._sweeps[self] = None

    async def stop(self) -> None:
        """Measure no more."""
        self._sweeps.pop(self, None)

    def patrol(self) -> None:
        """A sweep begins now."""
        now_s = self.context.clock.monotonic()
        if self._last_s:
            self._pressure.take_lag(max(0.0, now_s - self._last_s - self._tick_s))
        self._last_s = now_s
        if self._memory is not None and now_s - self._memory_at_s >= _MEMORY_EVERY_S:
            self._memory_at_s = now_s
            self._pressure.take_memory(self._memory())

    def __repr__(self) -> str:
        return f"<PressureMeter {self._pressure!r}>"
