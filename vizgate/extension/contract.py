"""What a plugin author writes against.

In: ``Middleware``, ``MiddlewareConfig`` and what a component is given at start. Not in: how names in the YAML find a
class (``extension.registry``).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from vizgate.clock import Clock, SystemClock
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class MiddlewareConfig(BaseModel):
    """The settings a middleware takes from the YAML, next to ``use:``; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What a component may lean on: where it stands, and the sources of time and chance."""

    route: str = ""
    clock: Clock = field(default_factory=SystemClock)
    random: random.Random = field(default_factory=random.Random)


class Middleware:
    """Base class of request middleware: it sees the request, decides whether to forward it, and sees the response.

    Life: ``__init__`` (configure; do no I/O) -> ``start`` -> many calls, concurrently -> ``stop``. ``stop`` runs even
    when ``start`` failed. A call that raises anything but a ``vizgate.errors.ExchangeError`` is answered with 500.

    Args: config: an instance of this class's ``Config``. context: see ``Context``.
    """

    Config: ClassVar[type[MiddlewareConfig]] = MiddlewareConfig

    def __init__(self, config: Any, context: Context | None = None) -> None:
        self.config = config
        self.context = Context() if context is None else context

    async def start(self) -> None:
        """Get ready; the gateway does not serve before every ``start`` has returned."""

    async def stop(self) -> None:
        """Let go of everything; called once, also after a failed ``start``."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Handle *request*, usually by awaiting ``forward(request)`` once."""
        return await forward(request)
