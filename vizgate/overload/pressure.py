"""How hard pressed the gateway is, and which requests it turns away then.

In: ``Pressure``, the rule. Not in: measuring (``overload.meter``) and turning away (``overload.shedding``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.overload.config import Priority

#: Requests of a rank below the level of the pressure are turned away; nothing reaches the last.
RANKS: dict[Priority, int] = {"low": 0, "normal": 1, "high": 2, "critical": 3}
_HIGHEST = RANKS["critical"]

# A single pause, such as a collection of garbage, is no overload: what counts is an average of about the last so many
# measurements.
_MEMORY_OF = 8
# In multiples of the bound: where each rank begins to be turned away.
_LAG_STEPS = (1.0, 2.0, 4.0)
_MEMORY_STEPS = (1.0, 1.1, 1.2)


@dataclass(frozen=True, slots=True)
class PressureBounds:
    """Where it begins. ``lag_s``: how late the event loop runs. ``memory_bytes``: of the process. 0: not looked at."""

    lag_s: float = 0.0
    memory_bytes: int = 0


class Pressure:
    """``level``: how many ranks are turned away. ``lag_s``: average lag of the loop. ``memory_bytes``: last size."""

    __slots__ = ("_bounds", "_lag_level", "_memory_level", "lag_s", "level", "memory_bytes")

    def __init__(self, bounds: PressureBounds) -> None:
        self._bounds = bounds
        self._lag_level = self._memory_level = 0
        self.level = 0
        self.lag_s = 0.0
        self.memory_bytes = 0

    def take_lag(self, lag_s: float) -> None:
        """The event loop was *lag_s* seconds late."""
        self.lag_s += (lag_s - self.lag_s) / _MEMORY_OF
        self._lag_level = _level(self.lag_s, self._bounds.lag_s, _LAG_STEPS)
        self.level = max(self._lag_level, self._memory_level)

    def take_memory(self, size_bytes: int) -> None:
        """The process has *size_bytes* in memory."""
        self.memory_bytes = size_bytes
        self._memory_level = _level(size_bytes, self._bounds.memory_bytes, _MEMORY_STEPS)
        self.level = max(self._lag_level, self._memory_level)

    def __repr__(self) -> str:
        return f"<Pressure {self.level} of {_HIGHEST} [lag {self.lag_s * 1000:.1f} ms, {self.memory_bytes} bytes]>"


def _level(value: float, bound: float, steps: tuple[float, ...]) -> int:
    return sum(value >= bound * step for step in steps) if bound else 0
