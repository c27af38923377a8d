"""What operations are done to.

In: ``Operated``, their view of a gateway. Not in: the gateway (``gateway.server``).
"""

from __future__ import annotations

from typing import Protocol

from vizgate.config import GatewayConfig
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.state import GatewayState


class Operated(Protocol):
    """A gateway in this process. What operations ask of it they ask anew each time: a reload changes it."""

    @property
    def config(self) -> GatewayConfig:
        """What it serves by, as it was written."""
        ...

    @property
    def plan(self) -> GatewayPlan:
        """What it serves by, compiled."""
        ...

    @property
    def state(self) -> GatewayState:
        """What lives on across plans."""
        ...
