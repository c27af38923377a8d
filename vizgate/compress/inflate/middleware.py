"""``use: decompress``.

In: ``Decompress``. Not in: inflating (``compress.inflate.body``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from vizgate.compress.inflate.body import InflatedBody, InflateLimits
from vizgate.compress.inflate.config import DecompressConfig
from vizgate.compress.inflate.decoders import decoder_factory
from vizgate.compress.inflate.room import WINDOWS, InflateRoom
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_ALIASES = {b"x-gzip": b"gzip"}
# RFC 9530: these speak of the bytes as they were.
_OF_OLD_BYTES = frozenset({b"content-digest", b"content-encoding", b"content-md5", b"digest", b"repr-digest"})


class Decompress(Middleware):
    """Inflates compressed request bodies before they are forwarded; other requests pass without waiting.

    A body that is not what it says it is gets 400, one that becomes too long 413, and a coding that is not inflated
    here 415 with ``Accept-Encoding``.
    """

    Config: ClassVar[type[ComponentConfig]] = DecompressConfig
    stands_before_checks: ClassVar[bool] = True

    def __init__(self, config: DecompressConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._limits = {coding: InflateLimits(config.limit, config.ratio, window) for coding, window in WINDOWS.items()}
        self._room = self.context.kept.get(InflateRoom, "", InflateRoom)
        self._limit = config.limit
        self._makers = {coding.encode("ascii"): decoder_factory(coding) for coding in config.accepted}

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """See ``Middleware``."""
        raw = request.headers.raw
        codings = [value for name, value in raw if len(name) == 16 and name.lower() == b"content-encoding"]
        if not codings:
            return forward(request)
        coding = b",".join(codings).strip().lower()
        coding = _ALIASES.get(coding, coding)
        make = self._makers.get(coding)
        if make is None:
            # Also several codings one after the other: nobody needs them, and each is a bomb inside the next.
            return forward(request) if coding == b"identity" else self._refuse(request)
        body = InflatedBody(request.body, make(), self._limits[coding], self._room)
        raw[:] = [field for field in raw if field[0].lower() not in _OF_OLD_BYTES]
        if request.body.data is None:
            request.body = body
            return forward(request)
        return self._whole(request, forward, body)

    async def _whole(self, request: Request, forward: Handler, body: InflatedBody) -> Response:
        """Go on with a body that is here already: so is what it becomes, and retries can have it."""
        data = BytesBody(await body.read(self._limit) if request.body.data else b"")
        data.trailers = request.body.trailers
        request.body = data
        return await forward(request)

    async def _refuse(self, request: Request) -> Response:
        accepted = b", ".join(self._makers)
        # RFC 9110 15.5.16: Accept-Encoding in a 415 says what would be taken.
        fields = [(b"Accept-Encoding", accepted)]
        return problem(415, f"Content-Encoding must be one of {accepted.decode()}", request.id, fields)
