"""Concurrency: so many at a time.

In: ``ConcurrencyProgram`` and its arguments. Not in: giving places back (``limiter.places``).

A worker that is killed gives nothing back, so a place is a lease. Four numbers cannot hold the end of each lease; they
hold how many were taken in the present span of time and in the two before it, each half a lease long. What is older has
run out: a lease lasts at least as long as it should, and half as long again at most.
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.store import NO_CELLS, Cells, Step

RELEASE, TAKE, RENEW = 0.0, 1.0, 2.0
#: Nobody knows when a place will be free; a client that was refused may as well ask again after this long.
_ASK_AGAIN_S = 1.0


def place_settings(in_flight: int, lease_s: float) -> Cells:
    """The last arguments of ``ConcurrencyProgram``."""
    return (float(in_flight), lease_s / 2)


class ConcurrencyProgram:
    """Cells: the present span, and how many places were taken in it and in the two before it.

    Arguments: RELEASE, TAKE or RENEW, the span in which the place was taken (0 for TAKE), and ``place_settings``.
    Result: whether it passed, how many places are left, seconds after which to ask again, seconds until all leases have
    run out, and the present span, which is to be told when the place is given back or renewed.
    """

    name: ClassVar[str] = "concurrency"
    lua: ClassVar[str] = """
local action, taken, most, length = arguments[1], arguments[2], arguments[3], arguments[4]
local span, places = math.floor(now / length), {0, 0, 0}
local was = cells[1]
if was and span < was and was - span > 3 then
  places[1] = cells[2] + cells[3] + cells[4]
elseif was then
  span = math.max(span, was)
  for index = 1, 3 do
    if index > span - was then places[index] = cells[1 + index - (span - was)] end
  end
end
local passed = true
if action == 1 then
  passed = places[1] + places[2] + places[3] < most
  if passed then places[1] = places[1] + 1 end
else
  local index = math.max(span - taken, 0) + 1
  if index <= 3 and places[index] > 0 then places[index] = places[index] - 1 end
  if action == 2 then places[1] = places[1] + 1 end
end
local total = places[1] + places[2] + places[3]
local result = {passed and 1 or 0, math.max(most - total, 0), passed and 0 or 1, 0, span}
if total == 0 then return {}, 0, result end
local age = places[1] > 0 and 3 or places[2] > 0 and 2 or 1
result[4] = (span + age) * length - now
return {span, places[1], places[2], places[3]}, result[4], result
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``; the class has cells, arguments and result."""
        action, taken, most, length = arguments
        span, places = _present(cells, now_s / length // 1.0)
        passed = True
        if action == TAKE:
            passed = sum(places) < most
            if passed:
                places[0] += 1.0
        else:
            index = max(int(span - taken), 0)
            if index < 3 and places[index] > 0:
                places[index] -= 1.0
            if action == RENEW:
                places[0] += 1.0
        total = sum(places)
        left, retry_s = max(most - total, 0.0), 0.0 if passed else _ASK_AGAIN_S
        if not total:
            return Step(NO_CELLS, 0.0, (float(passed), left, retry_s, 0.0, span))
        age = 3.0 if places[0] else 2.0 if places[1] else 1.0
        reset_s = (span + age) * length - now_s
        return Step((span, *places), reset_s, (float(passed), left, retry_s, reset_s, span))


def _present(cells: Cells, span: float) -> tuple[float, list[float]]:
    """The span that counts now, and the places taken in it and in the two before it."""
    if not cells:
        return span, [0.0, 0.0, 0.0]
    was, *places = cells
    if span < was:
        # A clock that went back a little stays where it was; after a large step everything counts as taken now.
        return (was, places) if was - span <= 3 else (span, [sum(places), 0.0, 0.0])
    shift = min(int(span - was), 3)
    return span, [*[0.0] * shift, *places[: 3 - shift]]
