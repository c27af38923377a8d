"""Circuit breakers, as operators force them.

In: the operations ``open_breaker``, ``close_breaker``, ``free_breaker``. Not in: breakers (``breaker``,
``gateway.service_parts.breakers``).
"""

from __future__ import annotations

import logging

from vizgate.gateway.agreement.words import BreakerWord
from vizgate.gateway.operations.calls.services import ServiceAnswer, merge_service, named_service, service_document
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import (
    Arguments,
    Document,
    Key,
    Operation,
    OperationRefused,
    Perform,
    changed,
    merge_changes,
)
from vizgate.gateway.service_parts.breakers import breaker_states, force_breakers

_log = logging.getLogger("vizgate.admin")


def _forcing(word: BreakerWord) -> Perform:
    async def perform(gateway: Operated, arguments: Arguments) -> Document:
        name = arguments["service"]
        service = named_service(gateway, name)
        before = breaker_states(gateway.state, name)
        if not force_breakers(gateway.state, name, word, arguments.get("said_s")):
            raise OperationRefused(409, "the service has no breaker")
        _log.info("service %s: breaker %s", name, word)
        after = breaker_states(gateway.state, name)
        return changed({"breaker": before}, {"breaker": after}, service_document(name, service, gateway.state))

    return perform


def _timed(arguments: Arguments, wall_s: float) -> Arguments:
    """A worker that is told later knows by it whether somebody has said something else since."""
    return {**arguments, "said_s": wall_s}


def _standing(arguments: Arguments) -> Key:
    return ("breaker", arguments["service"])


def _operation(name: str, word: BreakerWord, summary: str, description: str) -> Operation:
    return Operation(
        name=name,
        method="POST",
        path=f"/services/{{service}}/breaker/{word}",
        summary=summary,
        description=description,
        perform=_forcing(word),
        answer=ServiceAnswer,
        merge=merge_changes(merge_service),
        is_change=True,
        settle=_timed,
        standing=_standing,
        is_undo=word == "auto",
        refusals={404: "No service with targets has this name.", 409: "The service has no breaker."},
    )


BREAKER_OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "open_breaker",
        "open",
        "Keep every breaker of a service open.",
        "Requests for it are answered with 503, or by its fallback, until another word.",
    ),
    _operation(
        "close_breaker",
        "close",
        "Keep every breaker of a service closed.",
        "Whatever its targets answer, they are asked, until another word.",
    ),
    _operation(
        "free_breaker",
        "auto",
        "Give the breakers of a service back to their rules.",
        "One that is open is tried at once.",
    ),
)
