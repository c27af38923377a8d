"""Fixed window: so many in each period of the clock, as in each minute from :00 to :59.

In: ``FixedWindowProgram`` and its arguments. Not in: windows of the calendar (``quota``).
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.store import Cells, Step
from vizgate.limiter.programs.scale import MOST, window_ticks
from vizgate.units import Rate


def window_settings(rate: Rate) -> Cells:
    """The last arguments of both window programs. Raises: ValueError: see ``window_ticks``."""
    period, per_s = window_ticks(rate)
    return (float(rate.count), period, max(period, per_s), per_s)


class FixedWindowProgram:
    """Cells: the tick at which the window began, and how much it has seen.

    Arguments: cost, whether it is spent in any case, and ``window_settings``. Result: whether it passed, how much is
    left, seconds until the same cost passes, seconds to the end of the window.

    A clock that goes back stays in the window it was in; if it went back by more than a window (and a second), what was
    used counts against the window of now.
    """

    name: ClassVar[str] = "fixed_window"
    lua: ClassVar[str] = """
local cost, forced, most, period = arguments[1], arguments[2] ~= 0, arguments[3], arguments[4]
local patience, per_s = arguments[5], arguments[6]
now = math.floor(now * per_s)
local start, used = math.floor(now / period) * period, 0
if cells[1] and start <= cells[1] then
  used = cells[2]
  if cells[1] - start <= patience then start = cells[1] end
end
local wanted = used + cost
local passed = wanted <= most or forced
if passed then used = math.min(math.max(wanted, 0), 4503599627370496) end
local reset = (start + period - now) / per_s
return {start, used}, reset, {passed and 1 or 0, math.max(most - used, 0), passed and 0 or reset, reset}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``; the class has cells, arguments and result."""
        cost, forced, most, period, patience, per_s = arguments
        now = now_s * per_s // 1.0
        start, used = now // period * period, 0.0
        if cells and start <= cells[0]:
            used = cells[1]
            if cells[0] - start <= patience:
                start = cells[0]
        wanted = used + cost
        passed = bool(forced) or wanted <= most
        if passed:
            used = min(max(wanted, 0.0), MOST)
        reset_s = (start + period - now) / per_s
        result = (float(passed), max(most - used, 0.0), 0.0 if passed else reset_s, reset_s)
        return Step((start, used), reset_s, result)
