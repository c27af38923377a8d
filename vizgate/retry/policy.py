"""Retries of one service, as the loop over attempts asks for them.

In: ``RetryPolicy``, which meets ``pipeline.service.RetryPort``. Not in: the decisions themselves (``retry.rule``,
``retry.budget``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.errors import Termination, UpstreamError
from vizgate.extension.contract import Context
from vizgate.observe.metrics.counters import CounterFamily
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.resumed import kept
from vizgate.retry.budget import RetryBudget
from vizgate.retry.config import RetryConfig
from vizgate.retry.retry_after import seconds_of
from vizgate.retry.rule import FAILURES, RetryRule


class RetryPolicy:
    """Decides about another attempt, and keeps what that takes.

    Args: targets: how many the service has; as long as one of them was not tried, a target that cannot be connected to
    is followed by it at once. context: ``name`` is that of the service.
    """

    def __init__(self, config: RetryConfig, targets: int, context: Context) -> None:
        self._rule = rule_of(config)
        self._budget = RetryBudget(config.budget.share, config.budget.floor)
        self._buffer_bytes = config.buffer
        self._targets = targets
        self._context = context
        self._service = context.name
        self._made: CounterFamily = context.metrics.counters(
            "retries", "Attempts after the first, by what came of the one before.", ("service", "reason")
        )
        self._refused = context.metrics.counters(
            "retries_over_budget", "Retries that were not made because of the budget.", ("service",)
        ).of(context.name)

    def prepare(self, request: Request, now_s: float) -> Awaitable[None] | None:
        """See ``RetryPort``."""
        self._budget.request(now_s)
        body = request.body
        if body.data is not None or self._rule.attempts == 1 or request.method not in self._rule.methods:
            return None
        if body.length is not None and body.length > self._buffer_bytes:
            return None
        return self._keep(request)

    async def _keep(self, request: Request) -> None:
        request.body = await kept(request.body, self._buffer_bytes)

    def delay_s(
        self, request: Request, attempt: Attempt, cause: UpstreamError | Response, now_s: float
    ) -> float | None:
        """See ``RetryPort``."""
        nothing_sent, termination = False, None
        if isinstance(cause, UpstreamError):
            nothing_sent, termination = cause.nothing_sent, cause.termination
        if not self._rule.is_worth(attempt.number, attempt.status, termination):
            return None
        # Measured even where it is in memory anyway: how its packets fell must not decide what happens.
        content = request.body.data
        has_body = content is not None and len(content) <= self._buffer_bytes
        if not self._rule.is_safe(request.method, nothing_sent=nothing_sent, has_body=has_body):
            return None
        delay_s = self._wait_s(attempt, cause, nothing_sent=nothing_sent)
        if delay_s is None or (request.deadline_s and now_s + delay_s >= request.deadline_s):
            return None
        # A target that could not be connected to was given nothing to do: trying the next is no more load.
        if not nothing_sent and not self._budget.spend(now_s):
            self._refused.value += 1
            return None
        self._made.of(self._service, _reason(attempt.status, termination)).value += 1
        return delay_s

    def _wait_s(self, attempt: Attempt, cause: UpstreamError | Response, *, nothing_sent: bool) -> float | None:
        """How long to wait; None when the target asks for more time than there is patience."""
        if nothing_sent and attempt.number < self._targets:
            return 0.0
        wait_s = self._rule.backoff(attempt.number, self._context.random)
        if isinstance(cause, UpstreamError):
            return wait_s
        asked_s = seconds_of(cause.headers.get("Retry-After"), self._context.clock.wall())
        if asked_s is None:
            return wait_s
        return None if asked_s > self._rule.retry_after_s else max(wait_s, asked_s)

    def __repr__(self) -> str:
        return f"<RetryPolicy {self._service} [{self._rule.attempts} attempts, {self._budget!r}]>"


def _reason(status: int, termination: Termination | None) -> str:
    return str(status) if termination is None else termination.value


def rule_of(config: RetryConfig) -> RetryRule:
    """What *config* says."""
    return RetryRule(
        attempts=config.attempts,
        statuses=frozenset(item for item in config.on if isinstance(item, int)),
        failures=frozenset(FAILURES[item] for item in config.on if isinstance(item, str)),
        methods=frozenset(config.methods),
        backoff_s=config.backoff.base,
        max_backoff_s=config.backoff.max,
        retry_after_s=config.retry_after,
    )
