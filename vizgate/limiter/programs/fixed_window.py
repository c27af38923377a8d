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
local now, cost, forced = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) ~= 0
local most, period, patience, per_s = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
now = math.floor(now * per_s)
local start, used = math.floor(now / period) * period, 0
local kept = redis.call('GET', KEYS[1])
if kept then
  local began, count = struct.unpack('<dd', kept)
  if start <= began then
    used = count
    if began - start <= patience then start = began end
  end
end
local wanted = used + cost
local passed = forced or wanted <= most
if passed then used = math.min(math.max(wanted, 0), 4503599627370496) end
local reset = (start + period - now) / per_s
redis.call('SET', KEYS[1], struct.pack('<dd', start, used), 'PX', math.ceil(reset * 1000) + 1)
return {passed and '1' or '0', string.format('%.17g', math.max(most - used, 0)),
        passed and '0' or string.format('%.17g', reset), string.format('%.17g', reset)}
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
