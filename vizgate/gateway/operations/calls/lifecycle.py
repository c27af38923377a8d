"""The gateway as a whole: how it is, what it serves by, and whether it asks for traffic.

In: the operations ``status``, ``reload``, ``drain``, ``undrain``, and what a supervisor needs of them. Not in: the
phases (``observe.health``) and reloading (``gateway.reload``).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from vizgate._version import __version__
from vizgate.config import ConfigError, GatewayConfig
from vizgate.config.diff.change import short_list
from vizgate.config.diff.changes import changes
from vizgate.errors import VizgateError
from vizgate.gateway.operations.fields import shown_time
from vizgate.gateway.operations.operated import Operated, Reloadable
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    Document,
    Key,
    Operation,
    OperationRefused,
    changed,
    merge_changes,
)
from vizgate.observe.health import Health, Phase

Standing = Literal["starting", "ready", "unavailable", "draining"]

#: How much of a large change is told.
_MOST_LINES = 100

_log = logging.getLogger("vizgate.admin")


class ServedAnswer(AnswerModel):
    """What a gateway serves by."""

    source: str | None = Field(description="The file; null where it cannot be read again.")
    hash: str = Field(description="Tells it from other configurations; secrets are no part of it.")
    since: str = Field(description="When it was taken (RFC 3339).")
    failure: str | None = Field(description="Why the last reload was refused; null when it was not.")


class WorkerAnswer(AnswerModel):
    """One of several processes that serve."""

    pid: int = Field(description="Of the process.")
    phase: Standing = Field(description="As readiness of this worker alone would tell it.")
    uptime_s: float = Field(description="For how long it has been running, in seconds.")
    connections: int = Field(description="Open client connections.")
    requests_in_flight: int = Field(description="Requests that have begun and not ended.")


class StatusAnswer(AnswerModel):
    """How a gateway is."""

    version: str = Field(description="Of vizgate.")
    phase: Standing = Field(description="As readiness tells it.")
    unavailable: list[str] = Field(description="Required services that have no fit target.")
    plugins: dict[str, str] = Field(description="Why plugins want no traffic yet, by plugin.")
    started: str = Field(description="When it was started (RFC 3339).")
    uptime_s: float = Field(description="For how long it has been running, in seconds.")
    connections: int = Field(description="Open client connections.")
    requests_in_flight: int = Field(description="Requests that have begun and not ended.")
    routes: int = Field(description="How many routes there are.")
    services: int = Field(description="How many services there are.")
    config: ServedAnswer = Field(description="What it serves by.")
    pid: int = Field(default_factory=int, description="Of the process; absent where there are workers.")
    workers: list[WorkerAnswer] = Field(
        default_factory=list, description="Each worker that serves; absent where there is one process."
    )


class ReloadAnswer(AnswerModel):
    """What a reload has changed."""

    hash: str = Field(description="Of the configuration that serves now.")
    changes: list[str] = Field(description="One line for each setting, the first hundred of them; secrets are hidden.")


class PhaseAnswer(AnswerModel):
    """Whether it asks for traffic."""

    phase: Literal["starting", "ready", "draining"] = Field(description="As readiness tells it.")


async def _status(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    state, config = gateway.state, gateway.config
    cells = state.metrics.gateway
    return {
        "version": __version__,
        **_readiness_of(state.health, gateway.plan.unavailable()),
        "started": shown_time(state.started_wall_s),
        "uptime_s": round(max(0.0, state.clock.wall() - state.started_wall_s), 3),
        "connections": cells.connections_active,
        "requests_in_flight": cells.requests_active,
        "routes": len(config.routes),
        "services": len(config.services),
        "pid": os.getpid(),
        "config": await served_document(gateway),
    }


def _readiness_of(health: Health, unavailable: Sequence[str]) -> Document:
    """What ``/readiness`` says, with its reasons."""
    plugins = dict(health.reasons())
    is_held = health.told is Phase.READY and bool(unavailable or plugins)
    phase = "unavailable" if is_held else health.told.value
    return {"phase": phase, "unavailable": sorted(unavailable), "plugins": plugins}


async def served_document(gateway: Reloadable) -> Document:
    """What *gateway* serves by, and what became of the last reload."""
    return {
        "source": None if gateway.source is None else gateway.source.name,
        "hash": await _hash_of(gateway),
        "since": shown_time(gateway.reloads.succeeded_s),
        "failure": gateway.reloads.failure or None,
    }


async def _hash_of(gateway: Reloadable) -> str:
    # In a thread: of ten thousand routes it takes a while, and requests are waiting.
    return await asyncio.to_thread(lambda: gateway.reloads.hash)


async def perform_reload(gateway: Reloadable, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    """Have *gateway* reload. Raises: OperationRefused: that failed; every problem of a configuration is told."""
    before, before_hash = gateway.config, await _hash_of(gateway)
    try:
        await gateway.reload()
    except VizgateError as error:
        raise _refused(error) from error
    lines = await asyncio.to_thread(_changed_lines, before, gateway.config)
    after = {"hash": await _hash_of(gateway), "changes": lines}
    return changed({"hash": before_hash}, after, after)


def _refused(error: VizgateError) -> OperationRefused:
    if isinstance(error, ConfigError):
        problems = [str(problem) for problem in error.problems]
        return OperationRefused(422, "the configuration cannot be used, and the one before serves on", problems)
    return OperationRefused(409, f"{error}; the configuration from before serves on")


def _changed_lines(before: GatewayConfig, after: GatewayConfig) -> list[str]:
    return short_list(changes(before, after), _MOST_LINES)


async def _drain(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _withdraw(gateway, withdraw=True)


async def _undrain(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _withdraw(gateway, withdraw=False)


def _withdraw(gateway: Operated, *, withdraw: bool) -> Document:
    health = gateway.state.health
    before = {"phase": health.told.value}
    gateway.withdraw(wanted=withdraw)
    after = {"phase": health.told.value}
    if before != after:
        _log.warning("readiness: %s", health.told.value)
    return changed(before, after, after)


def _merge_status(documents: Sequence[Document]) -> Document:
    """All of them as one, which has been running since the first of them, and each of them."""
    merged = dict(min(documents, key=lambda document: document["started"]))
    del merged["pid"]
    summed = {name: sum(document[name] for document in documents) for name in ("connections", "requests_in_flight")}
    workers = [{name: document[name] for name in WorkerAnswer.model_fields} for document in documents]
    return merged | summed | _merge_readiness(documents) | {"workers": workers}


def _merge_readiness(documents: Sequence[Document]) -> Document:
    """As ``/readiness`` has it: one worker that waits for no plugin is enough, and a required service that one of those
    can reach is there.
    """
    phases = ("starting", "draining")
    able = [document for document in documents if document["phase"] not in phases and not document["plugins"]]
    if able:
        missing = set(able[0]["unavailable"]).intersection(*(document["unavailable"] for document in able[1:]))
        return {"phase": "unavailable" if missing else "ready", "unavailable": sorted(missing), "plugins": {}}
    first = min(documents, key=lambda document: ("unavailable", *phases).index(document["phase"]))
    return {name: first[name] for name in ("phase", "unavailable", "plugins")}


def _standing(arguments: Arguments) -> Key:  # noqa: ARG001  # see ``Operation.standing``
    return ("drain",)


LIFECYCLE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="status",
        method="GET",
        path="/status",
        summary="Version, phase, connections, requests in flight, what it serves by.",
        perform=_status,
        answer=StatusAnswer,
        merge=_merge_status,
    ),
    Operation(
        name="reload",
        method="POST",
        path="/reload",
        summary="Read the configuration again, and serve by it.",
        description="One that cannot be used changes nothing. Limits that operators have changed are as it says again.",
        perform=perform_reload,
        answer=ReloadAnswer,
        merge=merge_changes(),
        is_change=True,
        refusals={
            409: "It cannot be used now: an address is taken, only a restart can change that, or there is no file.",
            422: "It cannot be used; `problems` has everything that is wrong, with its place.",
        },
    ),
    Operation(
        name="drain",
        method="POST",
        path="/drain",
        summary="Have readiness fail, and go on serving.",
        description="For load balancers to turn away before a stop. Every answer ends its connection.",
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
