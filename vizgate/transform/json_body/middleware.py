"""``use: json_body``.

In: ``JsonBody``. Not in: the rule (``transform.json_body.change``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import ClassVar

from vizgate.errors import BodyTooLarge
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Headers
from vizgate.message.media_types import MediaTypes
from vizgate.message.representation import changed_fields
from vizgate.pipeline.body import Body, BytesBody, discard
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.resumed import kept
from vizgate.transform.json_body.change import JsonChange, NotJson
from vizgate.transform.json_body.config import JsonBodyConfig

#: A longer document is changed in a thread: reading and writing one takes about two milliseconds for every 100 KB.
OFF_LOOP_BYTES = 32 * 1024

_JSON = MediaTypes(("application/json", "application/*+json"))
# RFC 9110 15.3.5, 15.3.7 and 15.4.5: no content, or a part of it.
_NEVER = frozenset({204, 205, 206, 304})


class JsonBody(Middleware):
    """Changes JSON in requests, responses, or both; other content passes without waiting."""

    Config: ClassVar[type[ComponentConfig]] = JsonBodyConfig

    def __init__(self, config: JsonBodyConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._request = None if config.request is None else JsonChange(config.request)
        self._response = None if config.response is None else JsonChange(config.response)
        self._limit = config.limit
        self._refuses = config.otherwise == "refuse"

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """See ``Middleware``."""
        if self._request is not None and request.body.length != 0 and _is_json(request.headers):
            return self._both(request, forward, self._request)
        return forward(request) if self._response is None else self._answered(request, forward)

    async def _both(self, request: Request, forward: Handler, change: JsonChange) -> Response:
        refusal = await self._change_request(request, change)
        return await self._answered(request, forward) if refusal is None else refusal

    async def _answered(self, request: Request, forward: Handler) -> Response:
        # Asked first: what is further in may change the request.
        to_head = request.method == "HEAD"
        response = await forward(request)
        if self._response is None or response.local or response.status in _NEVER or not _is_json(response.headers):
            return response
        if to_head:
            # The length that it tells is not that of what GET would give.
            response.headers.raw[:] = changed_fields(response.headers.raw)
            return response
        return await self._change_response(request, response, self._response)

    async def _change_request(self, request: Request, change: JsonChange) -> Response | None:
        """Change the body of *request*. Returns: an answer when it is refused. Raises: BodyTooLarge: it is too long."""
        if _is_coded(request.headers):
            return problem(415, "JSON must not be compressed here", request.id) if self._refuses else None
        data = await self._content(request.body)
        if isinstance(data, bytes):
            if not data:
                return None
            try:
                body = BytesBody(await _applied(change, data))
            except NotJson:
                request.body = _kept_whole(data, request.body)
                return problem(400, "the body is not JSON", request.id) if self._refuses else None
            body.trailers = request.body.trailers
            request.body = body
            request.headers.raw[:] = changed_fields(request.headers.raw)
            return None
        if self._refuses:
            raise BodyTooLarge(f"JSON over {self._limit} bytes")
        request.body = data
        return None

    async def _change_response(self, request: Request, response: Response, change: JsonChange) -> Response:
        data: bytes | Body = response.body if _is_coded(response.headers) else await self._content(response.body)
        if isinstance(data, bytes):
            try:
                body = BytesBody(await _applied(change, data))
            except NotJson:
                response.body = _kept_whole(data, response.body)
            else:
                body.trailers = response.body.trailers
                response.body = body
                response.headers.raw[:] = changed_fields(response.headers.raw)
                return response
        else:
            response.body = data
        if not self._refuses:
            return response
        discard(response.body)
        return problem(502, "", request.id)

    async def _content(self, body: Body) -> bytes | Body:
        """The whole content; a body that is longer than the limit comes back as one that can still be read."""
        if body.data is not None:
            return body.data if len(body.data) <= self._limit else body
        if body.length is not None and body.length > self._limit:
            return body
        read = await kept(body, self._limit)
        return read if read.data is None else read.data


def _kept_whole(data: bytes, body: Body) -> Body:
    """*data*, which was read of *body*, as it came."""
    whole = BytesBody(data)
    whole.trailers = body.trailers
    return whole


async def _applied(change: JsonChange, data: bytes) -> bytes:
    return change.apply(data) if len(data) <= OFF_LOOP_BYTES else await asyncio.to_thread(change.apply, data)


def _is_json(headers: Headers) -> bool:
    found = headers.get_bytes(b"content-type")
    return found is not None and found in _JSON


def _is_coded(headers: Headers) -> bool:
    return (headers.get_bytes(b"content-encoding") or b"identity").strip().lower() != b"identity"
