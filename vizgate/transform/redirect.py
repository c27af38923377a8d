"""``redirect``: an answer that sends the client elsewhere.

In: ``Redirect``. Not in: how values are encoded (``transform.filling``).

Scheme and host are literal in the configuration; path parameters can only fill places behind them. The query of the
request is not passed on, because nobody has said that the other place should see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vizgate.message.headers import Headers
from vizgate.message.target import check_rewritten
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import RedirectConfig
from vizgate.transform.filling import fill_path, fill_query
from vizgate.transform.template import parse_template


class Redirect:
    """A handler that answers with ``Location`` and no body.

    The request body is left unread; whoever owns the connection drains it or closes.

    Args: path_template: ``match.path`` of the route, whose parameters ``to`` may use.
    Raises: ValueError: ``to`` uses a parameter that the route does not have.
    """

    __slots__ = ("_location", "_status", "_to")

    def __init__(self, config: RedirectConfig, path_template: str) -> None:
        config.check_route(path_template)
        self._status = config.status
        self._to = config.to
        self._location = _compile(config, path_template)

    async def __call__(self, request: Request) -> Response:
        """The redirect. Raises: BadPath: a path parameter would become a dot segment."""
        return Response(self._status, Headers([(b"Location", self._location(request.params))]))

    def __repr__(self) -> str:
        return f"<Redirect [{self._status} {self._to}]>"


def _compile(config: RedirectConfig, path_template: str) -> Callable[[Mapping[str, Any]], bytes]:
    origin, path, rest = config.parts
    if not parse_template(path + rest).names:
        fixed = config.to.encode("ascii")
        return lambda _params: fixed
    head = origin.encode("ascii")
    fill_front, fill_end = fill_path(path, path_template), fill_query(rest, path_template)

    def location(params: Mapping[str, Any]) -> bytes:
        # The check keeps a value that begins with a slash from making "//host" of a path (an open redirect, CWE-601).
        front = check_rewritten(fill_front(params).encode("ascii")) if path else b""
        return head + front + fill_end(params).encode("ascii")

    return location
