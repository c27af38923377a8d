"""Messages checked on their way.

In: ``ValidationMiddleware``: requests before they are forwarded, and responses, if asked, while they are relayed. Not
in: the rules (``validation.rules``) and how values are checked (``validation.openapi``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from vizgate.errors import BodyTooLarge
from vizgate.extension.contract import Context, Middleware
from vizgate.message.headers import Headers
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.resumed import ResumedBody
from vizgate.validation.check.violation import MAX_VIOLATIONS, Violation
from vizgate.validation.config import ValidationConfig
from vizgate.validation.openapi.operation import BodyPlan, Content, NotTaken, choose_content
from vizgate.validation.report import Report
from vizgate.validation.responses import ResponseWatch
from vizgate.validation.rules import Found, OpenApiRules, Rules, SchemaRules, Unknown

_NO_HEADERS = Headers()


class ValidationMiddleware(Middleware):
    """Refuses requests that break the rules, or reports them; reports responses that do.

    A request without a body, or whose body is here already, is decided upon without waiting.
    """

    Config = ValidationConfig

    def __init__(self, config: ValidationConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._rules = _rules(config)
        self._report = Report(self.context)
        self._enforces = config.mode == "enforce"
        self._only_known = config.additional_query == "refuse"
        self._limit = config.body_limit
        self._responses = ResponseWatch(self._report, config.body_limit) if config.responses else None

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """See ``Middleware``."""
        found = self._rules.find(request)
        if found is None:
            return forward(request)
        if isinstance(found, Unknown):
            return self._decided(request, forward, [found.violation], found)
        operation = found.operation
        if self._responses is not None:
            forward = self._responses.watching(operation, forward)
        violations = self._head_violations(request, found)
        if operation.body is not None:
            data = request.body.data
            check = self._arriving if data is None else self._present
            return check(request, forward, operation.body, violations)
        return self._decided(request, forward, violations) if violations else forward(request)

    def _head_violations(self, request: Request, found: Found) -> Sequence[Violation]:
        operation = found.operation
        query = request.target.partition(b"?")[2].decode("latin-1")
        headers = request.headers if operation.needs_headers else None
        return operation.head_violations(found.path, query, headers, only_known=self._only_known)

    def _present(
        self, request: Request, forward: Handler, plan: BodyPlan, violations: Sequence[Violation]
    ) -> Awaitable[Response]:
        """Go on with a body that is in memory."""
        data = request.body.data or b""
        content = choose_content(plan.media, request.headers) if data else None
        if isinstance(content, NotTaken):
            return self._decided(request, forward, [*violations, content.violation], content)
        if content is not None and content.check is not None and len(data) > self._limit:
            return self._too_long(request, forward)
        violations = [*violations, *_body_violations(plan, content, data)]
        return self._decided(request, forward, violations) if violations else forward(request)

    async def _arriving(
        self, request: Request, forward: Handler, plan: BodyPlan, violations: Sequence[Violation]
    ) -> Response:
        """Go on with a body that has to be waited for."""
        content: Content | NotTaken | None = choose_content(plan.media, request.headers)
        if isinstance(content, NotTaken) and await self._is_none(request):
            content = None
        if isinstance(content, NotTaken):
            return await self._decided(request, forward, [*violations, content.violation], content)
        if content is None or content.check is not None:
            data = await self._read(request)
            if data is None:
                return await forward(request)
            violations = [*violations, *_body_violations(plan, content, data)]
        return await (self._decided(request, forward, violations) if violations else forward(request))

    async def _is_none(self, request: Request) -> bool:
        """Whether a body that nothing is told of, neither type nor length, turns out to be empty."""
        told = request.body.length is not None or "Content-Type" in request.headers
        return not told and await self._read(request) == b""

    async def _read(self, request: Request) -> bytes | None:
        """The body of *request*, which stays in memory to be forwarded as it came.

        None when it is over the limit and goes on unchecked, which is reported. Raises: BodyTooLarge: it is over the
        limit, and that is enforced.
        """
        body, limit = request.body, self._limit
        if body.data is not None:
            return body.data
        if body.length is not None and body.length > limit:
            self._refuse_length(request)
            return None
        if self._enforces:
            try:
                return await body.read(limit)
            except BodyTooLarge:
                self._report.count([_TOO_LONG])
                raise
        chunks, size = [], 0
        async for chunk in body:
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                self._refuse_length(request)
                request.body = ResumedBody(chunks, body)
                return None
        data = b"".join(chunks)
        request.body = _ReadBody(data, body.length, body.trailers)
        return data

    def _refuse_length(self, request: Request) -> None:
        self._report.count([_TOO_LONG])
        if self._enforces:
            raise BodyTooLarge(f"body over {self._limit} bytes")
        self._report.log(request, [_TOO_LONG])

    async def _too_long(self, request: Request, forward: Handler) -> Response:
        self._refuse_length(request)
        return await forward(request)

    async def _decided(
        self,
        request: Request,
        forward: Handler,
        violations: Sequence[Violation],
        refusal: Unknown | NotTaken | None = None,
    ) -> Response:
        """What becomes of a request with *violations*."""
        self._report.count(violations)
        if self._enforces:
            return _refused(request, violations, refusal)
        self._report.log(request, violations)
        return await forward(request)


def _body_violations(plan: BodyPlan, content: Content | None, data: bytes) -> Sequence[Violation]:
    if not data:
        return [Violation("body", "is required")] if plan.required else ()
    if content is None or content.check is None:
        return ()
    return content.check.violations(data, content.media_type)


_TOO_LONG = Violation("body", "is too long to be checked")


class _ReadBody(BytesBody):
    """A body that has been read; it leaves as it came, chunked and with trailers when it came so."""

    __slots__ = ()

    def __init__(self, data: bytes, length: int | None, trailers: list[tuple[bytes, bytes]]) -> None:
        super().__init__(data)
        self.length = length
        self.trailers = trailers


def _rules(config: ValidationConfig) -> Rules:
    if config.document is not None:
        return OpenApiRules(config.document, config.base_path, allow_unknown=config.unknown_paths == "allow")
    if config.body_check is None:
        raise ValueError("ValidationConfig names neither an OpenAPI document nor a schema")
    return SchemaRules(config.body_check)


def _refused(request: Request, violations: Sequence[Violation], refusal: Unknown | NotTaken | None) -> Response:
    if isinstance(refusal, Unknown):
        return problem(refusal.status, refusal.violation.detail, request.id, list(refusal.fields))
    if isinstance(refusal, NotTaken):
        return problem(415, f"the body {refusal.violation.detail}", request.id, list(refusal.fields))
    told = [violation.as_json() for violation in violations[:MAX_VIOLATIONS]]
    return problem(400, "the request breaks the rules of this API", request.id, members={"errors": told})
