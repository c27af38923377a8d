"""``limit:`` of a route.

In: ``LimitMiddleware``: asking every limit, refusing, telling, charging after the response. Not in: counting
(``limiter.limit``).

All limits of a route are asked at once. When one refuses, what the others have spent is given back, so that a refused
request costs nothing; in between, a request at the same time may find that little less.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from math import inf

from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
from vizgate.extension.store import Cells, StoreFailed
from vizgate.limiter.fields import replace_fields, retry_after
from vizgate.limiter.limit import Limit, Spending
from vizgate.message.headers import Field, Headers
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_COST = re.compile(rb"[0-9]{1,9}")
#: When a request is worth repeating that was refused because the store could not be asked, seconds.
_STORE_RETRY_S = 1.0


class LimitMiddleware(Middleware):
    """Counts the requests of one route against *limits*, all of which must let it pass."""

    def __init__(self, limits: Sequence[Limit], context: Context | None = None) -> None:
        super().__init__(MiddlewareConfig(), context)
        self._limits = tuple(limits)
        self._charges = any(limit.cost_field is not None for limit in limits)
        self._takes_places = any(limit.places is not None for limit in limits)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request* if every limit lets it pass, and tell about the tightest."""
        spendings = [limit.ask(request) for limit in self._limits]
        if not self.context.store.is_local:
            await self._settle(spendings)
        is_allowed = True
        for spending in spendings:
            is_allowed &= self._judge(spending, request)
        if not is_allowed:
            return await self._refuse(spendings, request)
        response = await forward(request)
        if self._charges:
            await self._charge(spendings, response.headers)
        replace_fields(response.headers.raw, _tightest_fields(spendings))
        return response

    async def _settle(self, spendings: list[Spending]) -> None:
        """Wait for what a store that is not local has to say; all were asked already."""
        if not self._takes_places:
            await _results(spendings)
            return
        # A client that leaves now must not take along a place that the store is about to give.
        waiting = asyncio.ensure_future(_results(spendings))
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            waiting.add_done_callback(lambda _: _release(spendings))
            raise

    def _judge(self, spending: Spending, request: Request) -> bool:
        """Count the decision, and see to it that a place is given back when *request* ends."""
        result, line, places = spending.result, spending.line, spending.limit.places
        if result is None:
            line.failed.value += 1
            return spending.limit.lets_pass_unasked
        if not result[0]:
            line.refused.value += 1
            return False
        line.allowed.value += 1
        if places is not None:
            request.on_complete(places.hold(spending.key, line.rule.settings, result[4]).release)
        return True

    async def _refuse(self, spendings: list[Spending], request: Request) -> Response:
        for spending in spendings:
            if spending.result is not None and spending.is_allowed and spending.limit.places is None:
                await _spend(spending, -spending.limit.cost)
        refused = [spending for spending in spendings if spending.result is not None and not spending.is_allowed]
        if not refused:
            detail = "The limits of this resource cannot be checked at present."
            return problem(503, detail, request.id, [retry_after(_STORE_RETRY_S)])
        # The one that takes longest: before that, a retry is refused again.
        last = max(refused, key=_wait_s)
        assert last.result is not None
        detail = f"Limit {last.limit.name} ({last.line.rule.text}) is used up."
        fields = [retry_after(last.result[2]), *last.line.fields.of(last.result)]
        return problem(429, detail, request.id, fields)

    async def _charge(self, spendings: list[Spending], headers: Headers) -> None:
        """Spend what the response says it cost, less the 1 that was spent before."""
        for spending in spendings:
            name = spending.limit.cost_field
            if name is not None and spending.result is not None:
                cost = _cost_of(headers.get_bytes(name))
                if cost != 1:
                    spending.result = await _spend(spending, cost - 1.0) or spending.result
        for name in {spending.limit.cost_field for spending in spendings} - {None}:
            assert name is not None
            headers.remove(name.decode("latin-1"))


async def _results(spendings: list[Spending]) -> None:
    waiting = [spending for spending in spendings if spending.answer is not None]
    try:
        while waiting:
            spending = waiting.pop(0)
            assert spending.answer is not None
            try:
                spending.result = await spending.checked(spending.answer)
            except StoreFailed as error:
                spending.limit.note_failure(error)
    finally:
        for spending in waiting:
            _abandon(spending.answer)


def _abandon(answer: Awaitable[Cells] | None) -> None:
    """Let go of an answer that nobody waits for any more."""
    if isinstance(answer, asyncio.Future):
        answer.cancel()
    elif asyncio.iscoroutine(answer):
        answer.close()


def _release(spendings: list[Spending]) -> None:
    """Give back the places that were taken for a request that is gone."""
    for spending in spendings:
        places, result = spending.limit.places, spending.result
        if places is not None and result is not None and result[0]:
            places.hold(spending.key, spending.line.rule.settings, result[4]).release()


async def _spend(spending: Spending, cost: float) -> Cells | None:
    """What is left after *cost* has been spent in any case; None when the store could not be asked."""
    try:
        answer = spending.spend(cost)
        return answer if isinstance(answer, tuple) else await answer
    except StoreFailed as error:
        spending.limit.note_failure(error)
        return None


def _tightest_fields(spendings: list[Spending]) -> list[Field]:
    """What is told of the limit with least left; of several, of the one that takes longest to come back."""
    told = spendings[0] if len(spendings) == 1 else min(spendings, key=_room)
    return [] if told.result is None else told.line.fields.of(told.result)


def _room(spending: Spending) -> tuple[float, float]:
    result = spending.result
    return (inf, 0.0) if result is None else (result[1], -result[3])


def _wait_s(spending: Spending) -> float:
    assert spending.result is not None
    return spending.result[2]


def _cost_of(value: bytes | None) -> int:
    """The cost that a response tells; 1 when it tells none, or nothing that could be one."""
    return int(value) if value is not None and _COST.fullmatch(value) else 1
