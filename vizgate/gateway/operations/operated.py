"""What operations are done to.

In: ``Operated``, their view of a gateway, and ``Reloadable``, what of it a supervisor has, too. Not in: the gateway
(``gateway.server``).
"""

from __future__ import annotations

from typing import Protocol

from vizgate.config import GatewayConfig
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.state import GatewayState


class Source(Protocol):
    """Where a configuration can be read again. ``name``: of the file, as it was named."""

    name: str


class Reloads(Protocol):
    """What became of reloads.

    ``succeeded_s``: when the configuration that serves was taken, in seconds since the epoch. ``failure``: what was
    wrong with the last reload, "" when it succeeded.
    """

    succeeded_s: float
    failure: str

    @property
    def hash(self) -> str:
        """Tells the configuration that serves from others; secrets are no part of it. It may take a while."""
        ...


class Reloadable(Protocol):
    """What has a configuration that can be read again: a gateway, or the supervisor of several workers."""

    @property
    def config(self) -> GatewayConfig:
        """What it serves by, as it was written."""
        ...

    @property
    def source(self) -> Source | None:
        """Where ``reload`` reads; None where it cannot."""
        ...

    @property
    def reloads(self) -> Reloads:
        """What became of reloads."""
        ...

    async def reload(self) -> None:
        """Serve by what ``source`` says now. Raises: VizgateError: it cannot be used, and nothing has changed."""
        ...


class Operated(Reloadable, Protocol):
    """A gateway in this process. What operations ask of it they ask anew each time: a reload changes it."""

    @property
    def plan(self) -> GatewayPlan:
        """What it serves by, compiled."""
        ...

    @property
    def state(self) -> GatewayState:
        """What lives on across plans."""
        ...

    def withdraw(self, *, wanted: bool) -> None:
        """Ask for no more traffic, and serve whoever comes; or ask for it again."""
        ...
