"""Turns requests away when the gateway is hard pressed.

In: ``Shedding``, outermost around a route. Not in: when that is (``overload.pressure``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.errors import Overloaded
from vizgate.observe.metrics.counters import Counter
from vizgate.overload.pressure import Pressure
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class Shedding:
    """*handler*, reached as long as *rank* is not below the level of *pressure*.

    Args: retry_after_s: what clients are told. counter: of those turned away.
    """

    __slots__ = ("_counter", "_handler", "_pressure", "_rank", "_retry_after_s")

    def __init__(self, handler: Handler, rank: int, pressure: Pressure, retry_after_s: int, counter: Counter) -> None:
        self._handler = handler
        self._rank = rank
        self._pressure = pressure
        self._retry_after_s = retry_after_s
        self._counter = counter

    def __call__(self, request: Request) -> Awaitable[Response]:
        """The answer of the route. Raises: Overloaded: it is turned away."""
        if self._rank < self._pressure.level:
            self._counter.value += 1
            raise Overloaded("the gateway is overloaded", self._retry_after_s)
        return self._handler(request)

    def __repr__(self) -> str:
        return f"<Shedding [rank {self._rank}, {self._counter.value} turned away]>"
