"""Responses against what a document says of them: reported, never changed, never held up.

In: ``ResponseWatch``. Not in: requests (``validation.middleware``).
"""

from __future__ import annotations

from vizgate.pipeline.copied import CopiedBody
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.validation.check.violation import Violation
from vizgate.validation.content.kinds import ContentCheck
from vizgate.validation.content.media_type import MediaType
from vizgate.validation.openapi.operation import NotTaken, Operation, choose_content
from vizgate.validation.report import Report

# RFC 9110 6.4.1: these have no content.
_WITHOUT_CONTENT = frozenset({204, 304})


class ResponseWatch:
    """Reports responses of services that break the document.

    Args: limit: the longest body that is checked, in bytes.
    """

    def __init__(self, report: Report, limit: int) -> None:
        self._report = report
        self._limit = limit

    def watching(self, operation: Operation, forward: Handler) -> Handler:
        """*forward*, whose responses are looked at as those of *operation*."""

        async def call(request: Request) -> Response:
            response = await forward(request)
            # What the gateway itself answers (502, 504) is no business of the service's document.
            if not response.local and response.tunnel is None:
                self._look(request, response, operation)
            return response

        return call

    def _look(self, request: Request, response: Response, operation: Operation) -> None:
        plan = operation.response(response.status)
        if plan is None:
            self._tell(request, Violation("response_status", f"{response.status} is not in the document"))
            return
        if plan.media is None or request.method == "HEAD" or response.status in _WITHOUT_CONTENT:
            return
        body = response.body
        if body.data == b"" or body.length == 0:
            return
        content = choose_content(plan.media, response.headers)
        if isinstance(content, NotTaken):
            if body.data is not None or body.length is not None or "Content-Type" in response.headers:
                self._tell(request, Violation("response_media_type", content.violation.detail))
        elif content.check is not None:
            self._watch_body(request, response, content.check, content.media_type)

    def _watch_body(self, request: Request, response: Response, check: ContentCheck, media_type: MediaType) -> None:
        body = response.body

        def take(data: bytes) -> None:
            violations = check.violations(data, media_type) if data else []
            self._tell(request, *[Violation("response_body", item.detail, pointer=item.pointer) for item in violations])

        if body.data is not None:
            if len(body.data) <= self._limit:
                take(body.data)
        elif body.length is None or body.length <= self._limit:
            response.body = CopiedBody(body, self._limit, take)

    def _tell(self, request: Request, *violations: Violation) -> None:
        if violations:
            self._report.count(violations)
            self._report.log(request, violations)

    def __repr__(self) -> str:
        return f"<ResponseWatch [{self._report!r}]>"
