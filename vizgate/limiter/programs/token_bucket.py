"""Token bucket: tokens come back steadily, and as many as the bucket holds may go at once.

In: ``TokenBucketProgram`` and its arguments. Not in: who counts against which bucket (``limiter.keys``).
Source: RFC 2697 3.
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.store import NO_CELLS, Cells, Step
from vizgate.limiter.programs.scale import MOST, WALL_BITS, scale_of
from vizgate.units import Rate


def bucket_settings(rate: Rate, burst: int, bits: int = WALL_BITS) -> Cells:
    """The last arguments of ``TokenBucketProgram``. Args: bits: see ``scale_of``. Raises: ValueError: see there."""
    scale = scale_of(rate, burst, bits)
    capacity = burst * scale.per_token
    patience = max(capacity / scale.per_tick, scale.ticks_per_s)
    return (scale.per_tick, scale.per_token, capacity, scale.slack, patience, scale.ticks_per_s)


class TokenBucketProgram:
    """Cells: units spent and not yet back, and the tick at which that was so.

    Arguments: cost, whether it is spent in any case, and ``bucket_settings``. Result: whether it passed, tokens left,
    seconds until the same cost passes, seconds until the bucket is full.

    A clock that goes back brings nothing back. Should it have gone back by more than the bucket takes to fill (and by
    more than a second), the time that was there is taken for the mistake, and counting goes on from now.
    """

    name: ClassVar[str] = "token_bucket"
    lua: ClassVar[str] = """
local cost, forced, per_tick, per_token = arguments[1], arguments[2] ~= 0, arguments[3], arguments[4]
local capacity, slack, patience, per_s = arguments[5], arguments[6], arguments[7], arguments[8]
now = math.floor(now * per_s)
local spent, last = cells[1] or 0, cells[2] or now
if now > last then
  spent = math.max(spent - (now - last) * per_tick, 0)
  last = now
elseif last - now > patience then
  last = now
end
local wanted, retry = spent + cost * per_token, 0
local passed = wanted <= capacity + slack or forced
if passed then
  spent = math.min(math.max(wanted, 0), 4503599627370496)
else
  retry = (math.ceil((wanted - capacity) / per_tick) + (last - now)) / per_s
end
local result = {passed and 1 or 0, math.max(math.floor((capacity + slack - spent) / per_token), 0), retry, 0}
if spent == 0 then return {}, 0, result end
result[4] = (math.ceil(spent / per_tick) + (last - now)) / per_s
return {spent, last}, result[4], result
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``; the class has cells, arguments and result."""
        cost, forced, per_tick, per_token, capacity, slack, patience, per_s = arguments
        now = now_s * per_s // 1.0
        if cells:
            spent, last = cells
            if now > last:
                spent -= (now - last) * per_tick
                if spent < 0.0:  # noqa: PLR1730  # max() costs more than all of this line's work
                    spent = 0.0
                last = now
            elif last - now > patience:
                last = now
        else:
            spent, last = 0.0, now
        wanted = spent + cost * per_token
        retry_s = 0.0
        if wanted <= capacity + slack or forced:
            passed = 1.0
            spent = wanted if 0.0 < wanted <= capacity else min(max(wanted, 0.0), MOST)
        else:
            passed = 0.0
            # Whole numbers below 2**53: the quotient rounds to a whole number only when it is one.
            retry_s = ((last - now) - (capacity - wanted) / per_tick // 1.0) / per_s
        left = (capacity + slack - spent) / per_token // 1.0
        if left < 0.0:  # noqa: PLR1730  # as above
            left = 0.0
        if not spent:
            return Step(NO_CELLS, 0.0, (passed, left, retry_s, 0.0))
        reset_s = ((last - now) - -spent / per_tick // 1.0) / per_s
        return Step((spent, last), reset_s, (passed, left, retry_s, reset_s))
