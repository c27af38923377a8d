"""Operations in all workers at once.

In: ``FleetOperator``, which meets ``Operator``. Not in: what is done in one of them (``gateway.operations``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from vizgate.gateway.operations.calls.lifecycle import perform_reload, served_document
from vizgate.gateway.operations.calls.log_level import HasLog, change_log_level, reset_log_level
from vizgate.gateway.operations.calls.shown import show_config
from vizgate.gateway.operations.operated import Reloadable
from vizgate.gateway.operations.operation import Arguments, Document, Operation, OperationRefused
from vizgate.gateway.operations.standing import StandingOrders
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.gateway.workers.channel.channel import Refused
from vizgate.gateway.workers.supervisor.fleet import Fleet
from vizgate.gateway.workers.supervisor.member import Member, Phase

_log = logging.getLogger("vizgate.workers")

# How long one worker may take for an operation, in seconds.
_PATIENCE_S = 10.0


class Whole(Reloadable, HasLog, Protocol):
    """The gateway, as its supervisor has it."""


#: What is done in the supervisor alone: workers do not know the file, nor how the supervisor listens.
_OF_THE_WHOLE = {"reload": perform_reload, "config": show_config}
#: What is to be done in the supervisor, too: it has a log of its own.
_OF_LOGS = {"change_log_level": change_log_level, "reset_log_level": reset_log_level}


class FleetOperator:
    """Has every worker of *fleet* do it, and makes one answer of theirs.

    What is to last goes to *orders*, from which new workers learn it. Args: whole: the gateway, which alone can reload.
    """

    def __init__(self, fleet: Fleet, orders: StandingOrders, whole: Whole) -> None:
        self._fleet = fleet
        self._orders = orders
        self._whole = whole

    async def perform(self, name: str, arguments: Arguments) -> Document:
        """See ``Operator.perform``. Raises: KeyError: there is no such operation."""
        if name in _OF_THE_WHOLE:
            return await _OF_THE_WHOLE[name](self._whole, arguments)
        document = await self._perform_in_all(OPERATIONS[name], arguments)
        if name == "status":
            document["config"] = await served_document(self._whole)
        elif name in _OF_LOGS:
            await _OF_LOGS[name](self._whole, arguments)
        return document

    async def _perform_in_all(self, operation: Operation, arguments: Arguments) -> Document:
        said = {"name": operation.name, "arguments": dict(arguments)}
        ready = self._fleet.ready
        if operation.is_change:
            self._tell_starting(said)
        answers = await self._fleet.ask_each(ready, "perform", said, timeout_s=_PATIENCE_S)
        documents = [answer for answer in answers.values() if not isinstance(answer, BaseException)]
        if not documents:
            raise _refused([answer for answer in answers.values() if isinstance(answer, BaseException)])
        if operation.is_change:
            self._settle(operation, arguments)
            self._part_with_silent(answers, said)
        return operation.merge(documents)

    def _part_with_silent(self, answers: Mapping[Member, object], said: Document) -> None:
        """Who has not done what the others did must not go on without it: his successor is told. Who has refused knows
        nothing of what it is about; that may be so where each worker discovers targets for itself, and it remembers.
        """
        for member, answer in answers.items():
            if isinstance(answer, Refused):
                _log.warning("worker %d has refused what others have done: %s", member.number, answer)
                member.tell("order", said)
            elif isinstance(answer, BaseException):
                self._fleet.dismiss(member)

    def _tell_starting(self, said: Document) -> None:
        """Those that are being started have their orders already, without this one."""
        for member in self._fleet.members:
            if member.phase is Phase.STARTING:
                member.tell("perform", said)

    def _settle(self, operation: Operation, arguments: Arguments) -> None:
        self._orders.remember(operation, arguments)

    def __repr__(self) -> str:
        return f"<FleetOperator of {self._fleet!r}>"


def _refused(errors: list[BaseException]) -> OperationRefused:
    for error in errors:
        if isinstance(error, Refused) and isinstance(error.details, dict):
            return OperationRefused(error.details["status"], str(error), error.details["problems"])
    return OperationRefused(503, "no worker is there to do it")
