"""Watches whether the event loop turns, and says who holds it up.

In: ``LoopWatch``: a heartbeat on the loop, and a thread that listens to it. Not in: finding whose code it is
(``culprit``).

No request pays for it: the loop has a timer of its own, 20 times a second.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from types import FrameType

from vizgate.clock import Clock, SystemClock
from vizgate.config.model import LoopLagConfig
from vizgate.gateway.isolation.culprit import Culprit, culprit_in, frames_of, plugin_places
from vizgate.gateway.state import GatewayState
from vizgate.observe.metrics import Metrics

_log = logging.getLogger("vizgate.loop")

_BEAT_S = 0.05
#: How long the gauge remembers at least, in seconds; at most twice as long.
_MEMORY_S = 15.0
# A stall is told when it has ended, so that its length can be said; one that lasts longer is told before.
_PATIENCE_S = 10.0


class LoopWatch:
    """Tells of each stall of the running loop that lasts *warn_s* seconds or more. Life: ``start`` -> ``stop``.

    Args: plugins: gives the names of the plugins there are. clock: the real one; a stall is real even in a test.
    """

    def __init__(
        self, warn_s: float, metrics: Metrics, plugins: Callable[[], list[str]], clock: Clock | None = None
    ) -> None:
        self._warn_s = warn_s
        self._plugins = plugins
        self._clock = clock or SystemClock()
        self._stalls = metrics.counters(
            "loop_stalls", "Times that the event loop stood still, by the plugin that held it up.", ("plugin",)
        )
        metrics.gauges("loop_lag_seconds", "The longest that the event loop was late of late.", (), self._read)
        self._beat_s = 0.0
        # The longest lag in this span of time and in the one before.
        self._lags_s = (0.0, 0.0)
        self._span_ends_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        # What calls the callbacks of the loop. One written in C has no frames of its own that would tell that it waits.
        self._runner: FrameType | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running loop, whose thread this is."""
        if self._thread is not None:
            return
        self._ending = threading.Event()
        self._beat_s = self._clock.monotonic()
        self._timer = asyncio.get_running_loop().call_later(_BEAT_S, self._beat)
        thread = threading.Thread(
            target=self._listen, args=(threading.get_ident(), self._ending), name="vizgate-loop-watch", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            _log.warning("the event loop is not watched: the machine has no thread to give")
            return
        self._thread = thread

    def stop(self) -> None:
        """Watch no more; it does not wait for the thread, which ends by itself."""
        self._ending.set()
        self._thread = None
        self._runner = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # on the loop

    def _beat(self) -> None:
        now_s = self._clock.monotonic()
        if self._runner is None:
            self._runner = sys._getframe(1)  # noqa: SLF001  # as in ``culprit``
        self._note_lag(max(0.0, now_s - self._beat_s - _BEAT_S), now_s)
        self._beat_s = now_s
        self._timer = asyncio.get_running_loop().call_later(_BEAT_S, self._beat)

    def _note_lag(self, lag_s: float, now_s: float) -> None:
        present_s, past_s = self._lags_s
        if now_s >= self._span_ends_s:
            self._span_ends_s = now_s + _MEMORY_S
            present_s, past_s = 0.0, present_s
        self._lags_s = (max(present_s, lag_s), past_s)

    # in the thread

    def _listen(self, loop_thread: int, ending: threading.Event) -> None:
        told_of = -1.0
        while not ending.wait(self._warn_s / 4):
            beat_s = self._beat_s
            if beat_s != told_of and self._is_late(beat_s):
                told_of = beat_s
                culprit = culprit_in(frames_of(loop_thread, self._runner), plugin_places(self._plugins()))
                self._tell(culprit, *self._wait_end(beat_s, ending))

    def _is_late(self, beat_s: float) -> bool:
        return self._clock.monotonic() - beat_s >= self._warn_s + _BEAT_S

    def _wait_end(self, beat_s: float, ending: threading.Event) -> tuple[float, bool]:
        """How long the stall since *beat_s* has lasted, and whether it has ended."""
        while self._beat_s == beat_s and not ending.wait(self._warn_s / 4):
            stalled_s = self._clock.monotonic() - beat_s
            if stalled_s >= _PATIENCE_S:
                return stalled_s, False
        return self._clock.monotonic() - beat_s, True

    def _tell(self, culprit: Culprit | None, stalled_s: float, has_ended: bool) -> None:  # noqa: FBT001  # as ``_wait_end`` gives it
        if culprit is None:
            return
        self._stalls.of(culprit.plugin).value += 1
        who = f"plugin {culprit.plugin}, at {culprit.place}" if culprit.plugin else culprit.place
        so_far = "" if has_ended else " and still stands"
        # The gateway's own code is caught so on a machine that has too little to give; a plugin can be mended.
        level = logging.DEBUG if culprit.is_own else logging.WARNING
        _log.log(
            level, "the event loop stood still for %.2f s%s, and every request with it: %s", stalled_s, so_far, who
        )

    def _read(self) -> list[tuple[tuple[str, ...], float]]:
        return [((), max(self._lags_s))]

    def __repr__(self) -> str:
        return f"<LoopWatch [warns after {self._warn_s:g} s | lag: {max(self._lags_s):.3f} s]>"


def watch_loop(settings: LoopLagConfig | None, state: GatewayState) -> LoopWatch | None:
    """What watches the running loop by *settings*, started; None when it is not to be watched."""
    if settings is None:
        return None
    watch = LoopWatch(settings.warn, state.metrics, lambda: state.faults.names)
    watch.start()
    return watch
