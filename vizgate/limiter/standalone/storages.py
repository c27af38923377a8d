"""Windows on the storages of the library ``limits``: memcached, MongoDB, Redis with sentinels, and others.

In: ``StorageLimiter``. Not in: limits of a gateway, which need atomic programs that these storages cannot run
(``extension.store``); docs/adr/0016-own-limit-rules.md says what is lost without them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from vizgate.clock import Clock, SystemClock
from vizgate.extension.store import StoreFailed
from vizgate.limiter.standalone.decision import Decision
from vizgate.units import Rate, parse_rate

if TYPE_CHECKING:
    from limits.aio.storage import Storage


class StorageLimiter:
    """*rate* in a window, counted by a storage of the library ``limits`` that many machines can reach.

    A fixed window begins with the first cost in it, not with the clock's. A sliding one is that of the library, which
    drops a fraction of its estimate; at ``retry_after_s`` the cost passes without that.

    Args: storage: its URL for ``asyncio``, such as ``async+memcached://127.0.0.1:11211``, or the storage itself; the
    package that it needs must be installed. timeout_s: for each answer.
    Raises: ValueError: *rate* has no whole number of seconds, or there is no such storage.
    """

    def __init__(
        self,
        storage: str | Storage,
        rate: Rate | str,
        algorithm: Literal["fixed_window", "sliding_window"] = "fixed_window",
        *,
        timeout_s: float = 0.05,
        clock: Clock | None = None,
    ) -> None:
        from limits import RateLimitItemPerSecond
        from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

        self._rate = parse_rate(rate) if isinstance(rate, str) else rate
        if not self._rate.period_s.is_integer():
            raise ValueError(f"a window of {self._rate.period_s:g} s cannot be kept there. Write whole seconds")
        self._storage = _opened(storage) if isinstance(storage, str) else storage
        self._item = RateLimitItemPerSecond(self._rate.count, int(self._rate.period_s), "vizgate")
        is_sliding = algorithm == "sliding_window"
        strategy = SlidingWindowCounterRateLimiter if is_sliding else FixedWindowRateLimiter
        self._strategy = strategy(self._storage)
        self._wait = self._sliding_wait if is_sliding else self._fixed_wait
        self._timeout_s = timeout_s
        self._clock: Clock = SystemClock() if clock is None else clock

    async def take(self, key: str, cost: int = 1) -> Decision:
        """Decide whether *key* may spend *cost* now, and spend it if so.

        Raises: StoreFailed: the storage did not answer in time, or not well; nobody knows whether it was spent.
        ValueError: *cost* is below one, or more than could ever pass.
        """
        if not 1 <= cost <= self._rate.count:
            raise ValueError(f"a cost must be from 1 to {self._rate.count}, not {cost}")
        try:
            async with asyncio.timeout(self._timeout_s):
                allowed = await self._strategy.hit(self._item, key, cost=cost)
                stats = await self._strategy.get_window_stats(self._item, key)
                wait_s = 0.0 if allowed else await self._wait(key, cost)
        except TimeoutError:
            raise StoreFailed(f"the storage did not answer within {self._timeout_s:g} s") from None
        except Exception as exc:  # each storage has errors of its own
            raise StoreFailed(f"the storage failed: {type(exc).__name__}: {exc}") from exc
        return Decision(allowed, wait_s, stats.remaining, max(stats.reset_time - self._clock.wall(), 0.0))

    async def _fixed_wait(self, key: str, cost: int) -> float:  # noqa: ARG002  # one signature for both
        expires_s = await self._storage.get_expiry(self._item.key_for(key))
        return max(expires_s - self._clock.wall(), 0.0)

    async def _sliding_wait(self, key: str, cost: int) -> float:
        period_s = self._item.get_expiry()
        key = self._item.key_for(key)
        storage = self._strategy.storage
        found: tuple[int, float, int, float]
        found = await storage.get_sliding_window(key, period_s)  # type: ignore[attr-defined]  # its strategy has checked
        before, before_s, used, _ = found
        room = self._rate.count - used - cost
        if room >= 0:
            return before_s - room * period_s / before if before else 0.0
        left_s = before_s if before else period_s - self._clock.wall() % period_s
        return left_s + period_s - (self._rate.count - cost) * period_s / used

    def __repr__(self) -> str:
        return f"<StorageLimiter {self._rate} in {type(self._storage).__name__}>"


def _opened(url: str) -> Storage:
    from limits.aio.storage import Storage
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    try:
        storage = storage_from_string(url)
    except ConfigurationError as exc:
        raise ValueError(str(exc)) from exc
    if not isinstance(storage, Storage):
        raise ValueError(f"{url.partition(':')[0]} blocks. Write async+{url.partition(':')[0]}:// for one that waits")  # noqa: TRY004  # a wrong value, not a wrong type
    return storage
