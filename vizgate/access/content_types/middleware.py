"""``use: content_types``.

In: ``ContentTypes``. Not in: the rule (``message.media_types``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from vizgate.access.content_types.config import ContentTypesConfig
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Field
from vizgate.message.media_types import MediaTypes
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class ContentTypes(Middleware):
    """Answers 415 to requests whose content is of another kind. One without content passes."""

    Config: ClassVar[type[ComponentConfig]] = ContentTypesConfig

    def __init__(self, config: ContentTypesConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._allowed = MediaTypes(config.allow)
        self._accept = self._allowed.text.encode("ascii")

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request* or refuse it."""
        # A body of unknown length is one: a chunked request that turns out empty has to say its type, too.
        if request.body.length == 0 or self._takes(request):
            return forward(request)
        return self._refuse(request)

    def _takes(self, request: Request) -> bool:
        types = [value for name, value in request.headers.raw if len(name) == 12 and name.lower() == b"content-type"]
        # Of two lines, the service may read the other one.
        return len(types) == 1 and types[0] in self._allowed

    async def _refuse(self, request: Request) -> Response:
        # RFC 9110 12.5.1: Accept in a 415 says what would be taken. RFC 5789 2.2 and the Linked Data Platform 7.1 have
        # a name of their own for it with PATCH and POST.
        fields: list[Field] = [(b"Accept", self._accept)]
        if request.method in {"PATCH", "POST"}:
            fields.append((f"Accept-{request.method.title()}".encode("ascii"), self._accept))
        return problem(415, f"the content must be {self._allowed.text}", request.id, fields)
