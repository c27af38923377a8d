"""A middleware of a stranger's: whatever it does ends as an answer of its own route.

In: ``guarded`` and ``PluginFailed``. Not in: the middleware of ours, which costs no guard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from vizgate.errors import ExchangeError
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.messages import check_answer, check_onward
from vizgate.message.identity import Identity
from vizgate.pipeline.handler import Handler, MiddlewareCall
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Outcome, Request
from vizgate.pipeline.response import Response


class PluginFailed(ExchangeError):
    """A plugin has failed, which was counted and told already: 500."""


def guarded(call: MiddlewareCall, faults: PluginFaults) -> MiddlewareCall:
    """*call*, whose failures are answers with 500. What it raises on purpose (``ExchangeError``) goes on its way."""

    async def guard(request: Request, forward: Handler) -> Response:
        kept = request.outcome, request.id, request.route
        method, target = request.method, request.target

        def onward(asked: Request) -> Awaitable[Response]:
            check_onward(asked, method, target)
            return forward(asked)

        try:
            response = await call(request, onward)
            check_response(response)
            check_answer(response)
            _check_request(request, kept)
        except ExchangeError:
            raise
        except BaseException as error:
            if not is_fault(error):
                raise
            faults.note("call", error, request)
            # Not raised, so that middleware further out sees an answer, as with every other failure.
            return failed_answer(*kept[:2])
        finally:
            # What the request is counted and logged by when it ends.
            request.outcome, request.id, request.route = kept
        return response

    return guard


def _check_request(request: Request, kept: tuple[Outcome, str, str]) -> None:
    """Raise TypeError when middleware has changed what is not its own, or left what nobody can use."""
    if (request.outcome, request.id, request.route) != kept:
        raise TypeError("a middleware changed outcome, id or route of its request")
    method: object = request.method
    identity: object = request.identity
    if not isinstance(method, str):
        request.method = ""
        raise TypeError("a middleware left a method that is no text")
    if identity is not None and not isinstance(identity, Identity):
        request.identity = None
        raise TypeError("a middleware left an identity that is none")


def failed_answer(outcome: Outcome, request_id: str) -> Response:
    """What the client is told."""
    outcome.termination = PluginFailed.termination
    return problem(PluginFailed.status, "", request_id)


def is_fault(error: BaseException) -> bool:
    """Whether *error* is its raiser's own. A cancellation of the task is not, nor is the end of its coroutine."""
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs, so nobody can have been cancelled
            return True
        return task is not None and not task.cancelling()
    return not isinstance(error, GeneratorExit)


def check_response(response: object) -> None:
    """Raise TypeError when what middleware gave back cannot be sent."""
    if not isinstance(response, Response):
        raise TypeError(f"a middleware returned {type(response).__name__}, not a Response")
    if not (200 <= response.status <= 599 or (response.status == 101 and response.tunnel is not None)):
        raise TypeError(f"a middleware returned status {response.status}; a final one is from 200 to 599")
