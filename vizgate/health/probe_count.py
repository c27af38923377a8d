"""From probes to a verdict.

In: ``ProbeCount``, rise and fall. Not in: what a good probe is (``health.verdict``) and when there is one
(``health.prober``).
"""

from __future__ import annotations


class ProbeCount:
    """Counts the probes of one target. It counts as healthy until they say otherwise: a gateway that starts serves.

    ``is_healthy``: the verdict. ``streak``: probes in a row that speak against it.

    Args: healthy_after, unhealthy_after: so many in a row change it, at least 1.
    """

    __slots__ = ("_healthy_after", "_is_released", "_unhealthy_after", "is_healthy", "streak")

    def __init__(self, healthy_after: int = 2, unhealthy_after: int = 3) -> None:
        self.is_healthy = True
        self.streak = 0
        self._is_released = False
        self.adopt(healthy_after, unhealthy_after)

    def adopt(self, healthy_after: int, unhealthy_after: int) -> None:
        """Go on by other numbers; the verdict stands."""
        self._healthy_after = healthy_after
        self._unhealthy_after = unhealthy_after

    def release(self) -> None:
        """Its target is not probed any more: what is under way changes nothing."""
        self._is_released = True

    def record(self, *, good: bool) -> bool:
        """Count a probe; whether it changed the verdict."""
        if self._is_released:
            return False
        if good is self.is_healthy:
            self.streak = 0
            return False
        self.streak += 1
        if self.streak < (self._healthy_after if good else self._unhealthy_after):
            return False
        self.is_healthy = good
        self.streak = 0
        return True

    def __repr__(self) -> str:
        return f"<ProbeCount [{'healthy' if self.is_healthy else 'unhealthy'} | against: {self.streak}]>"
