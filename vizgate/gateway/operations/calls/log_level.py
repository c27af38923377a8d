"""How much the gateway's own log tells, as operators change it.

In: the operations ``log_level``, ``change_log_level``, ``reset_log_level``. Not in: levels (``observe.log_level``).
"""

from __future__ import annotations

import logging
from typing import Protocol

from pydantic import Field

from vizgate.gateway.operations.fields import ForField, settled_for, shown_time
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    BodyModel,
    Document,
    Key,
    Operation,
    changed,
    merge_changes,
)
from vizgate.gateway.state import GatewayState
from vizgate.observe.log import LogLevel

_log = logging.getLogger("vizgate.admin")


class LogLevelAnswer(AnswerModel):
    """The level of the log."""

    level: LogLevel = Field(description="What is logged: this level and those above it.")
    changed: bool = Field(description="Whether an operator has changed it since the start.")
    until: str | None = Field(description="When it goes back by itself (RFC 3339); null for never.")


class LogLevelBody(BodyModel):
    """Which level, and for how long."""

    level: LogLevel = Field(description="What is logged: this level and those above it.")
    for_: ForField = Field(default_factory=str, alias="for")


class HasLog(Protocol):
    """What has a log of its own: a process that serves, or the supervisor of several."""

    @property
    def state(self) -> GatewayState:
        """Whose level it is, and whose time."""
        ...


def _document(state: GatewayState) -> Document:
    switch, clock = state.log_level, state.clock
    left_s = switch.deadline_s - clock.monotonic() if switch.deadline_s else 0.0
    until = shown_time(clock.wall() + left_s) if switch.deadline_s else None
    return {"level": switch.level, "changed": switch.is_changed, "until": until}


async def _look(gateway: HasLog, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    return _document(gateway.state)


async def change_log_level(gateway: HasLog, arguments: Arguments) -> Document:
    """Have the log of this process tell more or less."""
    state, before = gateway.state, _document(gateway.state)
    left_s = arguments["until"] - state.clock.wall() if "until" in arguments else 0.0
    state.sweeper.forget(state.log_level)
    # A worker that starts later may be told when the time is over.
    if left_s >= 0:
        state.log_level.change(arguments["level"])
    if left_s > 0:
        state.sweeper.watch(state.log_level, state.clock.monotonic() + left_s)
    return _told(state, before)


async def reset_log_level(gateway: HasLog, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    """Have the log of this process be as at the start."""
    state, before = gateway.state, _document(gateway.state)
    state.sweeper.forget(state.log_level)
    state.log_level.back()
    return _told(state, before)


def _told(state: GatewayState, before: Document) -> Document:
    after = _document(state)
    _log.warning("the log level is %s%s", after["level"], f" until {after['until']}" if after["until"] else "")
    return changed(before, after, after)


def _standing(arguments: Arguments) -> Key:  # noqa: ARG001  # see ``Operation.standing``
    return ("log-level",)


LOG_LEVEL_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="log_level",
        method="GET",
        path="/log-level",
        summary="How much the gateway's own log tells.",
        perform=_look,
        answer=LogLevelAnswer,
    ),
    Operation(
        name="change_log_level",
        method="PUT",
        path="/log-level",
        summary="Have the log tell more or less, for a time or until it is told otherwise.",
        description="Lines of the audit log are written at every level.",
        perform=change_log_level,
        answer=LogLevelAnswer,
        body=LogLevelBody,
        merge=merge_changes(),
        is_change=True,
        settle=settled_for,
        standing=_standing,
    ),
    Operation(
        name="reset_log_level",
        method="DELETE",
        path="/log-level",
        summary="Back to the level of the start.",
        perform=reset_log_level,
        answer=LogLevelAnswer,
        merge=merge_changes(),
        is_change=True,
        standing=_standing,
        is_undo=True,
    ),
)
