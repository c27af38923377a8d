"""The target that will answer sooner, as far as one can tell.

In: ``PeakEwma``. Not in: how latencies are observed (``balancer.chance.latency``).
"""

from __future__ import annotations

from typing import Any

from vizgate.balancer.chance.latency import decayed
from vizgate.balancer.chance.two_choices import TwoChoices
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Member

# Longer than any latency: a target that has not answered yet gets no second request before the first is answered.
_UNKNOWN_S = 1e9


class PeakEwma(TwoChoices):
    """Of two members drawn by lot, the one whose latency times its requests in flight, this one included, is lower.

    The latency is a moving average that a slow answer raises at once and quick ones lower over ten seconds. A member of
    which nothing is known is asked, once.

    Source: Peak EWMA of Twitter's Finagle.
    """

    wants_latency = True

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._clock_s = self.context.clock.monotonic

    def cost(self, member: Member) -> float:
        """See ``TwoChoices.cost``; in seconds."""
        state = member.state
        if not state.latency_s:
            return _UNKNOWN_S * state.in_flight
        return decayed(state.latency_s, self._clock_s() - state.latency_at_s) * (state.in_flight + 1)
