"""Messages checked on their way.

In: ``ValidationMiddleware``: requests before they are forwarded, and responses, if asked, while they are relayed. Not
in: what is wrong with a request (``validation.checker``) and with a response (``validation.responses``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.errors import BodyTooLarge
from vizgate.extension.contract import Context, Middleware
from vizgate.message.headers import Field
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.resumed import ResumedBody
from vizgate.validation.check.violation import MAX_VIOLATIONS
from vizgate.validation.checker import TOO_LONG, RequestChecker, Verdict
from vizgate.validation.config import ValidationConfig
from vizgate.validation.openapi.operation import BodyPlan, NotTaken, choose_content
from vizgate.validation.report import Report
from vizgate.validation.responses import ResponseWatch
from vizgate.validation.rules import Found


class ValidationMiddleware(Middleware):
    """Refuses requests that break the rules, or reports them; reports responses that do.

    A request without a body, or whose body is here already, is decided upon without waiting.
    """

    Config = ValidationConfig

    def __init__(self, config: ValidationConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._checker = RequestChecker(config)
        self._report = Report(self.context)
        self._enforces = config.mode == "enforce"
        self._limit = config.body_limit
        self._responses = ResponseWatch(self._report, config.body_limit) if config.responses else None

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """See ``Middleware``."""
        found = self._checker.find(request)
        if found is None:
            return forward(request)
        if isinstance(found, Verdict):
            return self._decided(request, forward, found)
        operation = found.operation
        if self._responses is not None:
            forward = self._responses.watching(operation, forward)
        if operation.body is not None and request.body.data is None:
            return self._arriving(request, forward, found, operation.body)
        verdict = self._checker.judge(request, found)
        return forward(request) if verdict is None else self._decided(request, forward, verdict)

    async def _arriving(self, request: Request, forward: Handler, found: Found, plan: BodyPlan) -> Response:
        """Go on with a body that has to be waited for."""
        content = choose_content(plan.media, request.headers)
        if isinstance(content, NotTaken) and not await self._is_none(request):
            verdict: Verdict | None = Verdict(415, [content.violation], content.fields)
        elif isinstance(content, NotTaken) or content.check is not None:
            if not await self._has_read(request):
                return await forward(request)
            verdict = self._checker.judge(request, found)
        else:
            verdict = self._checker.judge(request, found, unread=True)
        return await (forward(request) if verdict is None else self._decided(request, forward, verdict))

    async def _is_none(self, request: Request) -> bool:
        """Whether a body that nothing is told of, neither type nor length, turns out to be empty."""
        told = request.body.length is not None or "Content-Type" in request.headers
        return not told and await self._has_read(request) and not request.body.data

    async def _has_read(self, request: Request) -> bool:
        """Have the body of *request* in memory, to be forwarded as it came.

        False when it is over the limit and goes on unchecked, which is reported. Raises: BodyTooLarge: it is over the
        limit, and that is enforced.
        """
        body, limit = request.body, self._limit
        if body.data is not None:
            return True
        if body.length is not None and body.length > limit:
            self._tell_too_long(request)
            return False
        chunks, size = [], 0
        async for chunk in body:
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                self._tell_too_long(request)
                request.body = ResumedBody(chunks, body)
                return False
        request.body = _ReadBody(b"".join(chunks), body.length, body.trailers)
        return True

    def _tell_too_long(self, request: Request) -> None:
        self._report.count([TOO_LONG])
        if self._enforces:
            raise BodyTooLarge(f"body over {self._limit} bytes")
        self._report.log(request, [TOO_LONG])

    async def _decided(self, request: Request, forward: Handler, verdict: Verdict) -> Response:
        """What becomes of a request that something is wrong with."""
        self._report.count(verdict.violations)
        if self._enforces:
            return _refused(request, verdict)
        self._report.log(request, verdict.violations)
        return await forward(request)


class _ReadBody(BytesBody):
    """A body that has been read; it leaves as it came, chunked and with trailers when it came so."""

    __slots__ = ()

    def __init__(self, data: bytes, length: int | None, trailers: list[Field]) -> None:
        super().__init__(data)
        self.length = length
        self.trailers = trailers


def _refused(request: Request, verdict: Verdict) -> Response:
    detail, members = "the request breaks the rules of this API", None
    if verdict.status == 400:
        members = {"errors": [violation.as_json() for violation in verdict.violations[:MAX_VIOLATIONS]]}
    else:
        last = verdict.violations[-1]
        detail = last.detail if verdict.status in {404, 405} else f"the body {last.detail}"
    return problem(verdict.status, detail, request.id, list(verdict.fields), members)
