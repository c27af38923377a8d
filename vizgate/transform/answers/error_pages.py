"""``use: error_pages``.

In: ``ErrorPages``. Not in: the pages (``transform.answers.page``).
"""

from __future__ import annotations

import re
from typing import ClassVar

from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Headers
from vizgate.message.vary import add_vary
from vizgate.pipeline.body import BytesBody, discard
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.answers.config import ErrorPagesConfig
from vizgate.transform.answers.page import Page
from vizgate.transform.answers.status_map import by_status

_VARY = (b"Accept",)
# What described the content that was there before.
_OF_CONTENT = frozenset(
    {
        b"accept-ranges", b"content-digest", b"content-disposition", b"content-encoding", b"content-language",
        b"content-length", b"content-location", b"content-md5", b"content-range", b"content-type", b"digest", b"etag",
        b"last-modified", b"repr-digest",
    }
)  # fmt: skip

# RFC 9110 12.5.1: a weight of 0 means "not acceptable".
_WANTS_PROBLEM = re.compile(
    rb"(?:^|,)[ \t]*application/(?:problem\+)?json[ \t]*(?:;(?![^,]*\bq=0(?:\.0*)?[ \t]*(?:,|$))[^,]*)?(?:,|$)",
    re.IGNORECASE,
)


class ErrorPages(Middleware):
    """Sends pages for errors, those of policies such as ``auth`` and ``limit`` included.

    Clients that name ``application/json`` or ``application/problem+json`` in ``Accept`` are programs: they get the
    answer as it was.
    """

    Config: ClassVar[type[ComponentConfig]] = ErrorPagesConfig
    stands_outside: ClassVar[bool] = True

    def __init__(self, config: ErrorPagesConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._pages = by_status({key: Page(page) for key, page in config.pages.items()})
        self._upstream = config.upstream

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request*, and hand back its response, or a page in the place of an error."""
        # Asked first: what is further in may change the request.
        wants_problem = is_program(request.headers)
        response = await forward(request)
        page = self._pages.get(response.status)
        if page is None or not (response.local or self._upstream):
            return response
        if not wants_problem:
            self._replace(response, page, request.id)
        add_vary(response.headers.raw, _VARY)
        return response

    def _replace(self, response: Response, page: Page, request_id: str) -> None:
        discard(response.body)
        response.body = BytesBody(page.fill(response.status, request_id))
        raw = response.headers.raw
        raw[:] = [field for field in raw if field[0].lower() not in _OF_CONTENT]
        raw.append((b"Content-Type", page.content_type))


def is_program(headers: Headers) -> bool:
    """Whether a client says that it wants JSON."""
    return any(_WANTS_PROBLEM.search(value) for name, value in headers.raw if name.lower() == b"accept")
