"""Keeps a background service running.

In: ``Runner``. Not in: the service (``extension.kinds.background``).
"""

from __future__ import annotations

import asyncio
import logging

from vizgate.extension.kinds.background import BackgroundService
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import is_fault

_log = logging.getLogger("vizgate.plugin")

#: The pause before a service that has failed is run again, in seconds; it doubles up to the second number.
PAUSES_S = (1.0, 60.0)
#: How long a service has to end when it is cancelled, in seconds.
END_S = 5.0
# What failed together does not come back together.
_JITTER = 0.2


class Runner:
    """Runs *service*, and again whenever it fails. Life: ``begin`` -> ``end``, and again.

    Args: faults: where is told what the service does wrong. pauses_s: see ``PAUSES_S``.
    """

    def __init__(
        self, service: BackgroundService, faults: PluginFaults, pauses_s: tuple[float, float] = PAUSES_S
    ) -> None:
        self.service = service
        self._faults = faults
        self._pauses_s = pauses_s
        self._task: asyncio.Task[None] | None = None
        self._restarts = service.context.metrics.counters(
            "background_restarts", "Times that a background service was run again after it had failed.", ("plugin",)
        ).of(faults.name)

    def begin(self) -> None:
        """Run from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_running(), name=self._faults.name)

    async def end(self, timeout_s: float = END_S) -> None:
        """Cancel it, and give it up when it has not ended after *timeout_s*."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        _, late = await asyncio.wait([task], timeout=timeout_s)
        if late:
            self._faults.note("run", TimeoutError(f"it goes on {timeout_s:g} s after it was cancelled"))

    @property
    def unready(self) -> str:
        """Why the gateway should not be sent requests yet, by the service's own word."""
        try:
            return "" if self._task is None else str(self.service.unready or "")
        except Exception as error:  # noqa: BLE001  # a property may do anything
            self._faults.note("run", error)
            return ""

    async def _keep_running(self) -> None:
        clock = self.service.context.clock
        first_s, longest_s = self._pauses_s
        pause_s = first_s
        while True:
            started_s = clock.monotonic()
            try:
                await self.service.run()
            except BaseException as error:
                if not is_fault(error):
                    raise
                self._faults.note("run", error)
            else:
                _log.info("plugin %s has done its work", self._faults.name)
                return
            if clock.monotonic() - started_s >= longest_s:
                pause_s = first_s
            await self.service.context.sleep(pause_s * self.service.context.random.uniform(1 - _JITTER, 1 + _JITTER))
            pause_s = min(pause_s * 2, longest_s)
            self._restarts.value += 1

    def __repr__(self) -> str:
        return f"<Runner {self._faults.name} [{'idle' if self._task is None else 'running'}]>"
