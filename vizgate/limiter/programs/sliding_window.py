"""Sliding window: what the last period saw, estimated from two windows of the clock.

In: ``SlidingWindowProgram``. Not in: its settings, which are those of ``fixed_window``.

The window before counts in proportion to how much of it the last period still covers. The estimate takes what it saw as
spread evenly; a request passes when the estimate with it is within the limit, no fraction above.
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.store import Cells, Step
from vizgate.limiter.programs.scale import MOST


class SlidingWindowProgram:
    """Cells: the tick at which the window began, how much it has seen, and how much the one before it.

    Arguments: cost, whether it is spent in any case, and ``window_settings``. Result: whether it passed, how much is
    left, seconds until the same cost passes, seconds until nothing of now is remembered.

    A clock that goes back finds what it finds at the beginning of the window it was in; if it went back by more than a
    window (and a second), all that is remembered counts against the window of now.
    """

    name: ClassVar[str] = "sliding_window"
    lua: ClassVar[str] = """
local cost, forced, most, period = arguments[1], arguments[2] ~= 0, arguments[3], arguments[4]
local patience, per_s = arguments[5], arguments[6]
now = math.floor(now * per_s)
local start, used, before = math.floor(now / period) * period, 0, 0
if cells[1] and start <= cells[1] then
  if cells[1] - start <= patience then
    start, used, before = cells[1], cells[2], cells[3]
  else
    used = cells[2] + cells[3]
  end
elseif cells[1] and start - cells[1] <= period then
  before = cells[2]
end
local rest, ahead = start + period - math.max(now, start), math.max(start - now, 0)
local room, retry = most - used - cost, 0
local passed = before * rest <= room * period or forced
if passed then
  used = math.min(math.max(used + cost, 0), 4503599627370496)
elseif room >= 0 then
  retry = rest - math.floor(room * period / before) + ahead
else
  retry = rest + period - math.floor((most - cost) * period / used) + ahead
end
local left = math.max(math.floor(((most - used) * period - before * rest) / period), 0)
local reset = ((used > 0 and rest + period or before > 0 and rest or 0) + ahead) / per_s
return {start, used, before}, reset, {passed and 1 or 0, left, retry / per_s, reset}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``; the class has cells, arguments and result."""
        cost, forced, most, period, patience, per_s = arguments
        now = now_s * per_s // 1.0
        start, used, before = _present(cells, now // period * period, period, patience)
        rest = start + period - max(now, start)
        ahead = max(start - now, 0.0)
        room = most - used - cost
        passed, retry = bool(forced) or before * rest <= room * period, 0.0
        if passed:
            used = min(max(used + cost, 0.0), MOST)
        elif room >= 0.0:
            retry = rest - room * period / before // 1.0 + ahead
        else:
            # Not before the next window, where what this one saw is what stands in the way.
            retry = rest + period - (most - cost) * period / used // 1.0 + ahead
        left = max(((most - used) * period - before * rest) / period // 1.0, 0.0)
        reset_s = ((rest + period if used else rest if before else 0.0) + ahead) / per_s
        return Step((start, used, before), reset_s, (float(passed), left, retry / per_s, reset_s))


def _present(cells: Cells, start: float, period: float, patience: float) -> tuple[float, float, float]:
    """The window that counts now, given the one that *start* begins."""
    if not cells:
        return start, 0.0, 0.0
    began, count, older = cells
    if start <= began:
        return (began, count, older) if began - start <= patience else (start, count + older, 0.0)
    return start, 0.0, count if start - began <= period else 0.0
