"""Quota: so much in each day or month of the calendar, in UTC.

In: ``QuotaProgram`` and its arguments. Not in: keeping it over a restart, which is the store's part.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

from vizgate.extension.store import Cells, Step
from vizgate.limiter.programs.scale import MOST

_DAY_S = 86_400.0


def quota_settings(quota: int, per: Literal["day", "month"]) -> Cells:
    """The last arguments of ``QuotaProgram``."""
    return (float(quota), float(per == "month"))


class QuotaProgram:
    """Cells: the second at which the period began, and how much it has seen.

    Arguments: cost, whether it is spent in any case, and ``quota_settings``. Result: whether it passed, how much is
    left, seconds until the same cost passes, seconds to the end of the period.

    A clock that goes back stays in the period it was in; if it went back by more than a whole one, what was used counts
    against the period of now.
    """

    name: ClassVar[str] = "quota"
    lua: ClassVar[str] = """
local cost, forced, most, monthly = arguments[1], arguments[2] ~= 0, arguments[3], arguments[4] ~= 0
local function first_day(month)
  local year = math.floor(month / 12)
  local era = math.floor(year / 400)
  local of_era = year - era * 400
  local of_year = math.floor((153 * (month - year * 12) + 2) / 5)
  local days = of_era * 365 + math.floor(of_era / 4) - math.floor(of_era / 100) + of_year
  return era * 146097 + days - 719468
end
local function bounds(at)
  local day = math.floor(at / 86400)
  if not monthly then return day * 86400, (day + 1) * 86400 end
  local month = math.floor((day + 719468) / 30.436875)
  if first_day(month) > day then month = month - 1 end
  if first_day(month + 1) <= day then month = month + 1 end
  return first_day(month) * 86400, first_day(month + 1) * 86400
end
local start, finish = bounds(now)
local used = 0
if cells[1] and start <= cells[1] then
  used = cells[2]
  if cells[1] - start <= (monthly and 2678400 or 86400) then start, finish = bounds(cells[1]) end
end
local wanted = used + cost
local passed = wanted <= most or forced
if passed then used = math.min(math.max(wanted, 0), 4503599627370496) end
local reset = finish - now
return {start, used}, reset, {passed and 1 or 0, math.max(most - used, 0), passed and 0 or reset, reset}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``; the class has cells, arguments and result."""
        cost, forced, most, monthly = arguments
        bounds = month_bounds if monthly else _day_bounds
        start, finish = bounds(now_s)
        used = 0.0
        if cells and start <= cells[0]:
            used = cells[1]
            if cells[0] - start <= (31 * _DAY_S if monthly else _DAY_S):
                start, finish = bounds(cells[0])
        wanted = used + cost
        passed = bool(forced) or wanted <= most
        if passed:
            used = min(max(wanted, 0.0), MOST)
        reset_s = finish - now_s
        result = (float(passed), max(most - used, 0.0), 0.0 if passed else reset_s, reset_s)
        return Step((start, used), reset_s, result)


def _day_bounds(at_s: float) -> tuple[float, float]:
    start = at_s // _DAY_S * _DAY_S
    return start, start + _DAY_S


def month_bounds(at_s: float) -> tuple[float, float]:
    """The seconds since the epoch at which the month around *at_s* begins and ends."""
    return _month_of(at_s // _DAY_S)


# Everybody asks about today.
@lru_cache(maxsize=16)
def _month_of(day: float) -> tuple[float, float]:
    # A guess by the mean month, at most one off.
    month = (day + 719_468) / 30.436875 // 1.0
    if _first_day(month) > day:
        month -= 1
    if _first_day(month + 1) <= day:
        month += 1
    return _first_day(month) * _DAY_S, _first_day(month + 1) * _DAY_S


def _first_day(month: float) -> float:
    """Days from 1970-01-01 to the first of *month*, counted from March of year 0.

    Counting from March puts the leap day at the end of a year. Source: the proleptic Gregorian calendar, whose eras of
    400 years have 146,097 days; month lengths from March on are the steps of (153 * month + 2) / 5.
    """
    year = month // 12
    era = year // 400
    of_era = year - era * 400
    days = of_era * 365 + of_era // 4 - of_era // 100 + (153 * (month - year * 12) + 2) // 5
    return era * 146_097 + days - 719_468
