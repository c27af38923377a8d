"""``use: status_map``.

In: ``StatusMap``, and looking up by status or class. Not in: other content (``transform.answers.error_pages``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.answers.config import StatusMapConfig

_T = TypeVar("_T")

# Another status would make something else of the content, or of its absence.
_ABOUT_CONTENT = frozenset({204, 205, 206, 304})


def by_status(entries: Mapping[str, _T]) -> dict[int, _T]:
    """What *entries*, by status or class, say of each status; a status goes before its class."""
    found: dict[int, _T] = {}
    for key, value in entries.items():
        if key.endswith("xx"):
            first = int(key[0]) * 100
            found |= dict.fromkeys(range(first, first + 100), value)
    return found | {int(key): value for key, value in entries.items() if not key.endswith("xx")}


class StatusMap(Middleware):
    """Changes the status of what services answer; the gateway's own answers, and content, stay as they are."""

    Config: ClassVar[type[ComponentConfig]] = StatusMapConfig

    def __init__(self, config: StatusMapConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._statuses = {
            status: other for status, other in by_status(config.map).items() if status not in _ABOUT_CONTENT
        }

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request*, and hand back its response with the status that was meant for it."""
        response = await forward(request)
        if not response.local and response.tunnel is None and response.status in self._statuses:
            response.status = self._statuses[response.status]
            response.reason = b""
        return response
