"""What a gateway serves by, to look at.

In: the operations ``routes`` and ``config``. Not in: which values are secrets (``config.redact``).
"""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import ConfigDict, Field

from vizgate.config import GatewayConfig, redacted
from vizgate.gateway.operations.operated import Operated, Reloadable
from vizgate.gateway.operations.operation import AnswerModel, Arguments, Document, Operation
from vizgate.gateway.plan import GatewayPlan


class RouteAnswer(AnswerModel):
    """One route, as the configuration has it, with what it has from `defaults`."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Its name.")
    match: dict[str, Any] = Field(description="Which requests it takes.")


class RoutesAnswer(AnswerModel):
    """All routes."""

    routes: list[RouteAnswer] = Field(description="In order of precedence.")


class ConfigAnswer(AnswerModel):
    """The whole configuration."""

    config: dict[str, Any] = Field(description="What is said apart from defaults, with asterisks for secrets.")


async def _routes(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    # In a thread: ten thousand routes take a while, and requests are waiting.
    return {"routes": await asyncio.to_thread(_shown_routes, gateway.config, gateway.plan)}


def _shown_routes(config: GatewayConfig, plan: GatewayPlan) -> list[Document]:
    said = redacted(config).get("routes", [])
    shown = {route.name: {"name": route.name, **of_it} for route, of_it in zip(config.routes, said, strict=True)}
    return [shown[rule.name] for rule in plan.router.rules_in_order() if rule.name in shown]


async def show_config(gateway: Reloadable, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    """What *gateway* serves by."""
    # In a thread, as above.
    return {"config": await asyncio.to_thread(redacted, gateway.config)}


SHOWN_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="routes",
        method="GET",
        path="/routes",
        summary="The routes in order of precedence, with their policies.",
        perform=_routes,
        answer=RoutesAnswer,
    ),
    Operation(
        name="config",
        method="GET",
        path="/config",
        summary="What the gateway serves by, without secrets.",
        perform=show_config,
        answer=ConfigAnswer,
    ),
)
