"""Targets as Prometheus sees them.

In: the gauges of their fitness. Not in: counting attempts (``observe.metrics.cells``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vizgate.gateway.plan import GatewayPlan
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.target_state import Block, TargetState


def show_targets(metrics: Metrics, plan: Callable[[], GatewayPlan]) -> None:
    """Have *metrics* show how fit the targets of the present *plan* are.

    Those of services without health and breaker are left out as long as nothing blocks them: ten thousand lines would
    say nothing.
    """

    def fit() -> Iterator[tuple[tuple[str, ...], float]]:
        for (service, address), state in _targets(plan()).items():
            yield (service, address), float(state.is_fit)

    def blocked() -> Iterator[tuple[tuple[str, ...], float]]:
        for (service, address), state in _targets(plan()).items():
            for block in Block:
                if state.blocks & block and block.name:
                    yield (service, address, block.name.lower()), 1.0

    labels = ("service", "target")
    metrics.gauges("target_fit", "1 for targets that may be asked, 0 for others.", labels, fit)
    metrics.gauges("target_blocked", "Why a target is not asked; 1 as long as it is so.", (*labels, "reason"), blocked)


def _targets(plan: GatewayPlan) -> dict[tuple[str, str], TargetState]:
    """By service and address; of equal addresses the last, because a series may be there once only."""
    return {
        (name, target.state.address): target.state
        for name, service in plan.services.items()
        for target in service.targets.targets
        if service.is_watched or target.state.blocks
    }
