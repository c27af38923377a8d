"""Circuit breakers of a service.

In: making their gate, and what an operator may do with them. Not in: the machine (``breaker``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import State
from vizgate.breaker.shown import ShownBreakers
from vizgate.config.model import ServiceConfig
from vizgate.extension.contract import Context
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.target_set import ServiceTarget

#: What an operator may say, as in ``POST /services/{service}/breaker/open``.
BreakerWord = Literal["open", "close", "auto"]
_FORCED: dict[BreakerWord, State | None] = {"open": State.OPEN, "close": State.CLOSED, "auto": None}


def breakers_of(
    service: ServiceConfig,
    targets: Sequence[ServiceTarget],
    draft: StateDraft,
    context: Context,
    registry: Registry,
) -> BreakerGate | None:
    """The gate of *service*; None when it has no breaker.

    Raises: PluginError: a listener cannot be found.
    """
    states = [target.state for target in targets]
    if service.breaker is None:
        return None
    settings = service.breaker.settings
    shared = service.breaker.scope == "service"
    machines = [draft.breaker(context.name if shared else target, settings) for target in states]
    listeners = [registry.resolve_class(path) for path in service.breaker.listeners]
    shown = ShownBreakers(listeners) if listeners else None
    gate = BreakerGate(states, machines, service.breaker.outcome, context, shown)
    draft.gate(gate)
    return gate


def force_breakers(state: GatewayState, service: str, word: BreakerWord) -> bool:
    """Keep every breaker of *service* open or closed, or give it back to its rules (``auto``).

    Returns: False when the service has none.
    """
    machines = [machine for key, machine in state.breakers.items() if _service_of(key) == service]
    for machine in machines:
        machine.force(_FORCED[word], state.clock.monotonic())
    return bool(machines)


def breaker_states(state: GatewayState, service: str) -> dict[str, str]:
    """The state of each breaker of *service*, by target; "" stands for one of the whole service."""
    return {
        "" if isinstance(key, str) else key.address: machine.state.value + (" (forced)" if machine.is_forced else "")
        for key, machine in state.breakers.items()
        if _service_of(key) == service
    }


def _service_of(key: object) -> str:
    return key if isinstance(key, str) else getattr(key, "service", "")
