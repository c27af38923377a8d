"""The gateway as a whole: how it is, and whether it asks for traffic.

In: the operations ``status``, ``drain``, ``undrain``. Not in: the phases (``observe.health``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from vizgate._version import __version__
from vizgate.gateway.operations.fields import shown_time
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    Document,
    Key,
    Operation,
    changed,
    merge_changes,
)

_log = logging.getLogger("vizgate.admin")


class StatusAnswer(AnswerModel):
    """How a gateway is."""

    version: str = Field(description="Of vizgate.")
    phase: Literal["starting", "ready", "draining"] = Field(description="As readiness tells it.")
    started: str = Field(description="When it was started (RFC 3339).")
    uptime_s: float = Field(description="For how long it has been running, in seconds.")
    connections: int = Field(description="Open client connections.")
    requests_in_flight: int = Field(description="Requests that have begun and not ended.")
    routes: int = Field(description="How many routes there are.")
    services: int = Field(description="How many services there are.")


class PhaseAnswer(AnswerModel):
    """Whether it asks for traffic."""

    phase: Literal["starting", "ready", "draining"] = Field(description="As readiness tells it.")


async def _status(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    state, config = gateway.state, gateway.config
    cells = state.metrics.gateway
    return {
        "version": __version__,
        "phase": state.health.told.value,
        "started": shown_time(state.started_wall_s),
        "uptime_s": round(max(0.0, state.clock.wall() - state.started_wall_s), 3),
        "connections": cells.connections_active,
        "requests_in_flight": cells.requests_active,
        "routes": len(config.routes),
        "services": len(config.services),
    }


async def _drain(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _withdraw(gateway, withdraw=True)


async def _undrain(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _withdraw(gateway, withdraw=False)


def _withdraw(gateway: Operated, *, withdraw: bool) -> Document:
    health = gateway.state.health
    before = {"phase": health.told.value}
    health.is_withdrawn = withdraw
    after = {"phase": health.told.value}
    if before != after:
        _log.warning("readiness: %s", health.told.value)
    return changed(before, after, after)


def _merge_status(documents: Sequence[Document]) -> Document:
    summed = {name: sum(document[name] for document in documents) for name in ("connections", "requests_in_flight")}
    return documents[0] | summed | {"uptime_s": max(document["uptime_s"] for document in documents)}


def _standing(arguments: Arguments) -> Key:  # noqa: ARG001  # see ``Operation.standing``
    return ("drain",)


LIFECYCLE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="status",
        method="GET",
        path="/status",
        summary="Version, phase, connections, requests in flight.",
        perform=_status,
        answer=StatusAnswer,
        merge=_merge_status,
    ),
    Operation(
        name="drain",
        method="POST",
        path="/drain",
        summary="Have readiness fail, and go on serving.",
        description="For load balancers to turn away before a stop. `undrain` takes it back.",
        perform=_drain,
        answer=PhaseAnswer,
        merge=merge_changes(),
        is_change=True,
        standing=_standing,
    ),
    Operation(
        name="undrain",
        method="POST",
        path="/undrain",
        summary="Undo `drain`.",
        description="A gateway that is being stopped goes on stopping.",
        perform=_undrain,
        answer=PhaseAnswer,
        merge=merge_changes(),
        is_change=True,
        standing=_standing,
        is_undo=True,
    ),
)
