"""What every policy is compiled from.

In: ``Parts`` and ``Layer``. Not in: the policies (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from vizgate.config import GatewayConfig
from vizgate.extension.contract import Context, Middleware
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.state import GatewayState
from vizgate.message.identity import Identity

#: Gives the identity that stands in for a verified one in a rehearsal, None where the request has to show a credential.
StandIn = Callable[[], Identity | None]


class Layer(NamedTuple):
    """A middleware of a route. ``use``: what people know it by, the key of the route or the word after ``use:``."""

    use: str
    middleware: Middleware


@dataclass(frozen=True, slots=True)
class Parts:
    """The whole configuration, what lives on across plans, and where classes are found."""

    config: GatewayConfig
    draft: StateDraft
    registry: Registry
    stand_in: StandIn | None = None

    @property
    def state(self) -> GatewayState:
        """What lives on across plans; only the draft may ask it for anything that is kept by name."""
        return self.draft.state

    def context(self, *, route: str = "", name: str = "") -> Context:
        """What a component of *route*, or one called *name* in the YAML, may lean on."""
        state = self.state
        return Context(
            route,
            state.clock,
            state.random,
            name,
            calls=state.calls,
            store=self.draft.store,
            metrics=state.metrics,
            sleep=state.sleep,
            kept=self.draft.kept,
            worker=state.worker,
        )
