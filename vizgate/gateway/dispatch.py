"""From a request to its route's answer, for every way in: sockets, ASGI, the in-memory client.

In: ``dispatch``: route, run the route's handler, turn errors into answers. Not in: reading requests and writing
answers.
"""

from __future__ import annotations

import asyncio
import logging

from vizgate.clock import Clock
from vizgate.errors import BodyTooLarge, ClientGone, ExchangeError, Side, Termination
from vizgate.gateway.isolation.guards.middleware import check_response
from vizgate.gateway.plan import GatewayPlan, RoutePlan
from vizgate.gateway.preflight import asked_method
from vizgate.message.headers import Field, Headers
from vizgate.pipeline.body import EMPTY
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem, problem_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.router import NoMatch
from vizgate.wire.serialize import FRAMING_NAMES

_log = logging.getLogger("vizgate.dispatch")

# RFC 9110 8.6: after these a Content-Length is an ordinary field about a body that is not there.
_LENGTH_IS_A_FIELD = frozenset({304})
_NO_HEADERS = Headers()


async def dispatch(plan: GatewayPlan, request: Request, clock: Clock) -> Response:
    """The answer to *request* by *plan*.

    Raises: ClientGone: the client went away before there was an answer.
    """
    try:
        headers = request.headers if plan.routes_by_headers else _NO_HEADERS
        method = request.method
        if plan.answers_preflights and method == "OPTIONS":
            asked = asked_method(plan.router, request.authority, request.target, request.headers)
            if asked:
                method, request.is_preflight = asked, True
        found = plan.router.match(method, request.authority, request.target, headers)
        if isinstance(found, NoMatch):
            response = _unmatched(request, found)
        else:
            route = found.value
            request.route = route.name
            request.params = found.params
            if route.timeout_s or request.body is not EMPTY:
                _apply_limits(route, request, clock)
            response = await route.handler(request)
            if route.has_middleware:
                check_response(response)
                _clean(request, response)
    except BaseException as error:
        told = _answer_to(request, error)
        if told is None:
            raise
        response = told
    return _finished(request, response)


def _answer_to(request: Request, error: BaseException) -> Response | None:
    """What the client is told about *error*, None when nobody can be told; called while it is handled.

    It does not raise *error* itself: a frame that an error has come through and that holds it in a variable is a cycle,
    which keeps the whole exchange until the collector looks, and that is seldom.
    """
    if isinstance(error, ExchangeError):
        return None if isinstance(error, ClientGone) else _failed(request, error)
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        if task is None or task.cancelling():
            return None
        # Nobody cancelled this request: a middleware let out a cancellation of its own.
    elif isinstance(error, GeneratorExit):
        return None
    # Neither SystemExit nor KeyboardInterrupt leaves: a loop that sees one ends, and every other request with it.
    return _broken(request)


def answered(handler: Handler) -> Handler:
    """*handler*, whose errors are answers, so that the middleware around it sees a response whatever happened."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except BaseException as error:
            told = _answer_to(request, error)
            if told is None:
                raise
            return told

    return answer


def _broken(request: Request) -> Response:
    """The answer to a request that an exception (the present one) ended."""
    _log.exception("route %s failed on request %s", request.route, request.id)
    request.outcome.termination = Termination.INTERNAL_ERROR
    return problem(500, "", request.id)


def _apply_limits(route: RoutePlan, request: Request, clock: Clock) -> None:
    limit = route.body_limit
    body = request.body
    if limit:
        size = len(body.data) if body.data is not None else body.length
        if size is not None and size > limit:
            raise BodyTooLarge(f"body over {limit} bytes")
        if body.data is None:
            body.limit_bytes = limit  # type: ignore[attr-defined]
    if route.timeout_s:
        request.limit_deadline(clock.monotonic() + route.timeout_s)


def _unmatched(request: Request, found: NoMatch) -> Response:
    fields: list[Field] = [(b"Allow", ", ".join(found.allow).encode("latin-1"))] if found.allow else []
    if found.status == 204:
        response = problem(204, "", request.id, fields)
        response.headers.remove("Content-Type")
        response.body = type(response.body)(b"")  # type: ignore[call-arg]
        return response
    return problem(found.status, found.detail, request.id, fields)


def _failed(request: Request, error: ExchangeError) -> Response:
    request.outcome.termination = error.termination
    if error.side is Side.UPSTREAM:
        # At debug: the access log and the metrics tell it, and an outage must not flood a second log.
        _log.debug("request %s: %s: %s", request.id, request.outcome.upstream, error.detail)
    return problem_of(error, request.id)


def _finished(request: Request, response: Response) -> Response:
    if response.local and request.outcome.termination is Termination.NORMAL:
        request.outcome.termination = Termination.LOCAL_ANSWER
    response.finish(request.own)
    return response


def _clean(request: Request, response: Response) -> None:
    """Drop what only the gateway may write from a message that middleware had in its hands."""
    length_stays = not response.local and (request.method == "HEAD" or response.status in _LENGTH_IS_A_FIELD)
    response.headers.raw[:] = [
        field
        for field in response.headers.raw
        if field[0].lower() not in FRAMING_NAMES or (length_stays and field[0].lower() == b"content-length")
    ]


def clean_forward(handler: Handler) -> Handler:
    """*handler*, given requests from which the fields that only the gateway may write have been dropped; its errors are
    answers, see ``answered``.
    """

    async def forward(request: Request) -> Response:
        raw = request.headers.raw
        raw[:] = [field for field in raw if field[0].lower() not in FRAMING_NAMES]
        try:
            return await handler(request)
        except BaseException as error:
            told = _answer_to(request, error)
            if told is None:
                raise
            return told

    return forward
