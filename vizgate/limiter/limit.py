"""One limit, ready to count requests.

In: ``Limit``, its lines by tier, and ``Spending``, what one request spent on it. Not in: answering requests
(``limiter.middleware``).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar

from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.extension.store import Cells, StoreFailed
from vizgate.limiter.config import LimitConfig
from vizgate.limiter.fields import LimitFields
from vizgate.limiter.keys import KeyOf, compile_key
from vizgate.limiter.places import Places
from vizgate.limiter.programs.scale import MOST
from vizgate.limiter.rules import Rule
from vizgate.observe.metrics import Counter
from vizgate.pipeline.request import Request

_log = logging.getLogger("vizgate.limiter")

#: How often the log says that the store fails, seconds: an outage must not flood it.
_LOG_EVERY_S = 5.0
# Whether it passed, what is left, seconds to a retry and to a reset; a place tells its span, too.
_RESULTS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a limit. ``take``: the arguments that spend its cost if that passes."""

    tier: str
    rule: Rule
    key: KeyOf
    take: Cells
    fields: LimitFields
    allowed: Counter
    refused: Counter
    failed: Counter


class Spending:
    """What one request asked of one limit, and what came of it: ``result`` is None where the store did not say."""

    __slots__ = ("answer", "key", "limit", "line", "result")

    def __init__(self, limit: Limit, line: Line, key: bytes) -> None:
        self.limit = limit
        self.line = line
        self.key = key
        self.result: Cells | None = None
        #: What the result is waited for with, from a store that is not local.
        self.answer: Awaitable[Cells] | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether the request may go on, as far as this limit is concerned."""
        return self.limit.lets_pass_unasked if self.result is None else self.result[0] > 0

    def spend(self, cost: float) -> Cells | Awaitable[Cells]:
        """Spend *cost* whether it passes or not; a negative one gives back. Raises: StoreFailed."""
        rule = self.line.rule
        answer = self.limit.context.store.run(rule.program, self.key, (cost, 1.0, *rule.settings))
        return answer if isinstance(answer, tuple) else self.checked(answer)

    async def checked(self, answer: Awaitable[Cells]) -> Cells:
        """What a store that is not local has answered. Raises: StoreFailed: nothing, or nothing that a rule could say.

        What it keeps may have been written by others, and it may be another server than it should be.
        """
        result = await answer
        least = _RESULTS if self.limit.places is None else _RESULTS + 1
        # "not a number" is in no range.
        if len(result) < least or not all(0.0 <= number <= MOST for number in result):
            raise StoreFailed("what is kept there is no counter of this limit")
        return result


class Limit(Component):
    """A limit by *config*, called ``context.name``; the routes that name it share it."""

    Config: ClassVar[type[ComponentConfig]] = LimitConfig

    def __init__(self, config: LimitConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        #: What it was made by; ``config`` is what it counts by.
        self.configured = config
        self.name = self.context.name
        self.lets_pass_unasked = config.on_store_failure == "allow"
        #: The field of a response that tells the cost, in lower case; None where the cost is known beforehand.
        self.cost_field = _cost_field(config.cost)
        #: What is spent before the request is forwarded.
        self.cost = float(config.cost) if isinstance(config.cost, int) else 1.0
        is_concurrency = config.algorithm == "concurrency"
        self.places = self._find_places(config.lease) if is_concurrency else None
        self._quiet_until_s = 0.0
        self.adopt(config)

    def adopt(self, config: LimitConfig) -> None:
        """Count by *config* from now on, which differs from that before in the numbers of its lines alone.

        Where they mean another way of counting, as another rate does, counting begins anew; back at the old numbers,
        what was counted by them still is.
        """
        self.config = config
        self._lines = {tier: self._line(tier) for tier in config.lines()}
        self._anonymous = self._lines[config.tier_of(None)]
        self._others = self._lines[config.tier_of("")]

    @property
    def lines(self) -> tuple[Line, ...]:
        """What it counts by, one for each tier."""
        return tuple(self._lines.values())

    def _find_places(self, lease_s: float) -> Places:
        context = self.context
        return context.kept.get(
            Places,
            self.name,
            lambda: Places(context.store, lease_s),
            lambda places: places.is_in(context.store, lease_s),
        )

    def _line(self, tier: str) -> Line:
        config = self.config.lines()[tier]
        rule = self.config.rule(config)
        # Two limits never share a counter, nor do two tiers, nor two ways of counting of which one was before a reload.
        key = compile_key(config.key, (self.name, tier, rule.meaning))
        counters = self.context.metrics.counters(
            "limit_decisions", "Requests that a limit decided about.", ("limit", "tier", "outcome")
        )
        allowed, refused, failed = (
            counters.of(self.name, tier, outcome)
            for outcome in ("allowed", "refused", f"store_failed_{'allowed' if self.lets_pass_unasked else 'refused'}")
        )
        fields = LimitFields(self.name, rule)
        take = (self.cost, 0.0) if self.places is None else (1.0, 0.0)  # as TAKE has it, with no span yet
        return Line(tier, rule, key, (*take, *rule.settings), fields, allowed, refused, failed)

    async def start(self) -> None:
        """See ``Component.start``."""
        if self.places is not None:
            self.places.start()

    async def stop(self) -> None:
        """See ``Component.stop``."""
        if self.places is not None:
            await self.places.stop()

    def ask(self, request: Request) -> Spending:
        """Spend what *request* costs, if that passes; with a store that is not local, ``answer`` must be awaited."""
        identity = request.identity
        line = self._anonymous if identity is None else self._lines.get(identity.tier, self._others)
        spending = Spending(self, line, line.key(request))
        try:
            answer = self.context.store.run(line.rule.program, spending.key, line.take)
        except StoreFailed as error:
            self.note_failure(error)
        else:
            if isinstance(answer, tuple):
                spending.result = answer
            else:
                spending.answer = answer
        return spending

    def note_failure(self, error: StoreFailed) -> None:
        """Log that the store failed, unless that was said a moment ago."""
        now_s = self.context.clock.monotonic()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + _LOG_EVERY_S
            meanwhile = "let through" if self.lets_pass_unasked else "refused"
            _log.warning("limit %s cannot count, requests are %s: %s", self.name, meanwhile, error)

    def __repr__(self) -> str:
        return f"<Limit {self.name} [{len(self._lines)} lines]>"


def _cost_field(cost: int | str) -> bytes | None:
    return None if isinstance(cost, int) else cost.partition(":")[2].lower().encode("latin-1")
