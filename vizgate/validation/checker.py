"""Requests against a document or a schema: what is wrong with one, and what it should be answered with.

In: ``RequestChecker`` and ``Verdict``, for any program. Not in: answering, and waiting for bodies
(``validation.middleware``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizgate.message.headers import Field
from vizgate.pipeline.request import Request
from vizgate.validation.check.violation import Violation
from vizgate.validation.config import ValidationConfig
from vizgate.validation.openapi.operation import BodyPlan, Content, NotTaken, choose_content
from vizgate.validation.rules import Found, OpenApiRules, Rules, SchemaRules, Unknown

TOO_LONG = Violation("body", "is too long to be checked")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a request.

    ``status``: 400 (``violations`` tell why), 404 and 405 (not in the document), 413 (too long to be checked) or 415
    (not of a kind that is taken). ``fields``: what such an answer says beside, ``Allow`` for example.
    """

    status: int
    violations: Sequence[Violation]
    fields: tuple[Field, ...] = ()


class RequestChecker:
    """Checks requests by what a ``ValidationConfig`` names. It never waits, and keeps nothing of a request.

    Its ``mode`` and ``responses`` do not matter here.
    Raises: ValueError: *config* names nothing to check by.
    """

    def __init__(self, config: ValidationConfig) -> None:
        self._rules = _rules(config)
        self._only_known = config.additional_query == "refuse"
        self._limit = config.body_limit

    def check(self, request: Request) -> Verdict | None:
        """What is wrong with *request*; None when nothing is.

        Raises: ValueError: its body is not in memory. BadPath: the path is one that the gateway refuses.
        """
        if request.body.data is None:
            raise ValueError("the body is not in memory. Read it first")
        found = self.find(request)
        return self.judge(request, found) if isinstance(found, Found) else found

    def find(self, request: Request) -> Found | Verdict | None:
        """What *request* has to keep to; None when it need not be checked."""
        found = self._rules.find(request)
        if isinstance(found, Unknown):
            return Verdict(found.status, [found.violation], found.fields)
        return found

    def judge(self, request: Request, found: Found, *, unread: bool = False) -> Verdict | None:
        """What is wrong with *request*, which has to keep to *found*. Args: unread: leave its body out."""
        operation = found.operation
        query = request.target.partition(b"?")[2].decode("latin-1")
        headers = request.headers if operation.needs_headers else None
        violations = operation.head_violations(found.path, query, headers, only_known=self._only_known)
        if operation.body is not None and not unread:
            return self._judge_body(request, operation.body, violations)
        return Verdict(400, violations) if violations else None

    def _judge_body(self, request: Request, plan: BodyPlan, violations: Sequence[Violation]) -> Verdict | None:
        data = request.body.data or b""
        content = choose_content(plan.media, request.headers) if data else None
        if isinstance(content, NotTaken):
            return Verdict(415, [*violations, content.violation], content.fields)
        if content is not None and content.check is not None and len(data) > self._limit:
            return Verdict(413, [*violations, TOO_LONG])
        found = [*violations, *_body_violations(plan, content, data)]
        return Verdict(400, found) if found else None

    def __repr__(self) -> str:
        return f"<RequestChecker {self._rules!r}>"


def _rules(config: ValidationConfig) -> Rules:
    if config.document is not None:
        return OpenApiRules(config.document, config.base_path, allow_unknown=config.unknown_paths == "allow")
    if config.body_check is None:
        raise ValueError("the settings name neither an OpenAPI document nor a schema")
    return SchemaRules(config.body_check)


def _body_violations(plan: BodyPlan, content: Content | None, data: bytes) -> Sequence[Violation]:
    if not data:
        return [Violation("body", "is required")] if plan.required else ()
    if content is None or content.check is None:
        return ()
    return content.check.violations(data, content.media_type)
