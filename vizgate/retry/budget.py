"""How many retries there may be, so that a service in trouble is not given more to do.

In: ``RetryBudget``, the rule. Not in: which requests are worth a retry (``retry.rule``).
"""

from __future__ import annotations

WINDOW_S = 10.0
_SLICES = 10
_SLICE_S = WINDOW_S / _SLICES


class RetryBudget:
    """Lets retries through up to a *share* of the requests of the last 10 s.

    The window moves in steps of a second. Without a floor a service with little traffic would never have a retry; with
    one, so many are let through in any case.

    Args: share: of the requests, from 0 to 1. floor: retries within a window that are always let through.
    Source: the retry budgets of Finagle (10 s, 20 %, a floor of 10 a second) and Envoy (20 %, 3 at once). Ours lies
    between them: what is on its way to a target when it begins to fail must not use up all of it.
    """

    __slots__ = ("_floor", "_requests", "_retries", "_share", "_slice", "requests", "retries")

    def __init__(self, share: float = 0.2, floor: int = 30) -> None:
        self._share = share
        self._floor = floor
        self._requests = [0] * _SLICES
        self._retries = [0] * _SLICES
        self._slice = 0
        #: Within the window.
        self.requests = 0
        self.retries = 0

    def request(self, now_s: float) -> None:
        """Count a request. Args: now_s: monotonic seconds; must not go back."""
        self._move(int(now_s / _SLICE_S))
        self._requests[self._slice % _SLICES] += 1
        self.requests += 1

    def spend(self, now_s: float) -> bool:
        """Whether one more retry may be made; it counts as made then."""
        self._move(int(now_s / _SLICE_S))
        if self.retries + 1 > max(self._floor, self._share * self.requests):
            return False
        self._retries[self._slice % _SLICES] += 1
        self.retries += 1
        return True

    def _move(self, to: int) -> None:
        """Forget what lies more than a window before the slice *to*."""
        if to <= self._slice:
            return
        for at in range(max(self._slice + 1, to - _SLICES + 1), to + 1):
            place = at % _SLICES
            self.requests -= self._requests[place]
            self.retries -= self._retries[place]
            self._requests[place] = self._retries[place] = 0
        self._slice = to

    def __repr__(self) -> str:
        return f"<RetryBudget [{self.retries} retries, {self.requests} requests in {WINDOW_S:g} s]>"
