"""A middleware of a stranger's: whatever it does ends as an answer of its own route.

In: ``guarded`` and ``PluginFailed``. Not in: the middleware of ours, which costs no guard.
"""

from __future__ import annotations

import asyncio

from vizgate.errors import ExchangeError
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.pipeline.handler import Handler, MiddlewareCall
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class PluginFailed(ExchangeError):
    """A plugin has failed, which was counted and told already: 500."""


def guarded(call: MiddlewareCall, faults: PluginFaults) -> MiddlewareCall:
    """*call*, whose failures are answers with 500. What it raises on purpose (``ExchangeError``) goes on its way."""

    async def guard(request: Request, forward: Handler) -> Response:
        try:
            response = await call(request, forward)
            check_response(response)
        except ExchangeError:
            raise
        except BaseException as error:
            if not is_fault(error):
                raise
            faults.note("call", error, request)
            # Not raised, so that middleware further out sees an answer, as with every other failure.
            return failed_answer(request)
        return response

    return guard


def failed_answer(request: Request) -> Response:
    """What the client is told."""
    request.outcome.termination = PluginFailed.termination
    return problem(PluginFailed.status, "", request.id)


def is_fault(error: BaseException) -> bool:
    """Whether *error* is its raiser's own. A cancellation of the task is not, nor is the end of its coroutine."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and not task.cancelling()
    return not isinstance(error, GeneratorExit)


def check_response(response: object) -> None:
    """Raise TypeError when what middleware gave back cannot be sent."""
    if not isinstance(response, Response):
        raise TypeError(f"a middleware returned {type(response).__name__}, not a Response")
    if not (200 <= response.status <= 599 or (response.status == 101 and response.tunnel is not None)):
        raise TypeError(f"a middleware returned status {response.status}; a final one is from 200 to 599")
