"""``cors`` of a route, at work.

In: ``CorsMiddleware``. Not in: the rules (``cors.policy``).
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.cors.config import CorsConfig
from vizgate.cors.policy import CorsPolicy, without_cors
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Headers
from vizgate.message.vary import add_vary
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_VARY = (b"Origin",)
_VARY_PREFLIGHT = (b"Origin", b"Access-Control-Request-Method", b"Access-Control-Request-Headers")


class CorsMiddleware(Middleware):
    """Answers preflights, and says on every other answer which page may read it.

    A request of an origin that is not allowed goes on like any other: its answer lacks the fields, and the browser
    keeps it from the page.
    """

    Config: ClassVar[type[ComponentConfig]] = CorsConfig

    def __init__(self, config: CorsConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._policy = CorsPolicy(config)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Handle *request*."""
        origin = _only_line(request.headers, b"origin")
        if request.is_preflight:
            return self._preflight(request, origin)
        response = await forward(request)
        raw = response.headers.raw
        raw[:] = without_cors(raw)
        # Also without an Origin, so that a cache does not give this answer to a page.
        add_vary(raw, _VARY)
        if origin:
            raw += self._policy.fields(origin)
        return response

    def _preflight(self, request: Request, origin: bytes) -> Response:
        headers = request.headers
        answer = self._policy.preflight(
            origin,
            _only_line(headers, b"access-control-request-method"),
            b",".join(v for n, v in headers.raw if n.lower() == b"access-control-request-headers"),
            is_private=_only_line(headers, b"access-control-request-private-network") == b"true",
        )
        if answer.refusal:
            response = problem(403, answer.refusal, request.id)
        else:
            response = Response(204, Headers([*answer.fields]))
        add_vary(response.headers.raw, _VARY_PREFLIGHT)
        return response


def _only_line(headers: Headers, lower_name: bytes) -> bytes:
    """The value of a field that has one line; of several nobody can tell which counts, so they count as none."""
    size = len(lower_name)
    found = [value for name, value in headers.raw if len(name) == size and name.lower() == lower_name]
    return found[0] if len(found) == 1 else b""
