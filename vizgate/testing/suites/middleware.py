"""What every middleware must do, as one function to call from a test.

In: ``check_middleware``. Not in: what it is for, which is its own test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count

from vizgate.errors import ClientGone
from vizgate.extension.contract import Context, Middleware
from vizgate.gateway.isolation.guards.middleware import check_response
from vizgate.message.headers import Headers
from vizgate.pipeline.body import BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing.suites.life import check_life, patiently

MakeMiddleware = Callable[[Context], Middleware]

_AT_ONCE = 50
_MARK = "X-Check-Number"
_FIELDS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("Host", "a.example"), ("Accept", "*/*"), ("Cookie", "a=1; b=2"), ("Authorization", "Bearer abc")),
    (("X-Empty", ""), ("X-Twice", "1"), ("x-twice", "2"), ("X-Text", "caf\xe9")),
)
_TARGETS = (b"/", b"/a%20b/../c?d=%ff&e", b"*", b"/" + b"long" * 500)
_STATUSES = (200, 204, 304, 404, 500, 599)


async def check_middleware(
    make: MakeMiddleware, *, context: Context | None = None, may_repeat: bool = False, may_share: bool = False
) -> None:
    """Hold the middleware that *make* builds to the contract of ``Middleware``; return when nothing was found.

    It is given requests of many shapes, alone and many at once, and answers of many kinds from further in.

    Args: make: a fresh middleware with the context it is given. context: what that leans on; one without a network by
    default. may_repeat: it may forward a request more than once, as a retry does. may_share: it may answer a request
    with the answer to another, as a cache does.
    Raises: AssertionError: the middleware breaks the contract; the message says how.
    """
    context = context or Context()
    await check_life(make, context)
    middleware = make(context)
    await patiently(middleware.start(), "start()")
    check = _Check(middleware, may_repeat=may_repeat, may_share=may_share)
    try:
        await check.every_shape()
        await check.many_at_once()
        await check.client_that_leaves()
        await check.cancellation()
    finally:
        await patiently(middleware.stop(), "stop()")


class _Check:
    def __init__(self, middleware: Middleware, *, may_repeat: bool, may_share: bool) -> None:
        self._middleware = middleware
        self._may_repeat = may_repeat
        self._may_share = may_share
        self._numbers = count(1)

    async def every_shape(self) -> None:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PURGE"):
            for fields in _FIELDS:
                for target in _TARGETS:
                    await self._ask(method, target, fields, 200)
        for status in _STATUSES:
            await self._ask("GET", b"/", (), status)

    async def many_at_once(self) -> None:
        await asyncio.gather(*(self._ask("GET", b"/", _FIELDS[1], 200) for _ in range(_AT_ONCE)))

    async def _ask(self, method: str, target: bytes, fields: tuple[tuple[str, str], ...], status: int) -> None:
        number = str(next(self._numbers))
        request = _request(method, target, fields, number)
        forwarded = 0

        async def service(asked: Request) -> Response:
            nonlocal forwarded
            forwarded += 1
            assert isinstance(asked, Request), f"forward was given {type(asked).__name__}, not a Request"
            await asyncio.sleep(0)
            body = StreamBody(_parts()) if method == "GET" else BytesBody(b"done")
            return Response(status, Headers.of([(_MARK, number)]), body)

        told = f"{method} {target[:20]!r}"
        response = await patiently(self._middleware(request, service), told)
        try:
            check_response(response)
        except TypeError as error:
            raise AssertionError(f"{told}: {error}") from None
        assert request.id == number, f"{told}: the id of the request was changed"
        assert forwarded <= 1 or self._may_repeat, f"{told}: forwarded {forwarded} times. Say may_repeat if it is meant"
        mark = response.headers.get(_MARK)
        assert mark in (None, number) or self._may_share, f"{told}: has the answer to another request"

    async def client_that_leaves(self) -> None:
        async def service(_request: Request) -> Response:
            raise ClientGone

        try:
            await patiently(self._middleware(_request("GET", b"/", (), "gone"), service), "a client that is gone")
        except ClientGone:
            return
        # Whoever answers without asking the service cannot know.

    async def cancellation(self) -> None:
        reached = asyncio.Event()

        async def service(_request: Request) -> Response:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

        async def ask() -> Response:
            return await self._middleware(_request("GET", b"/cancelled", (), "cancelled"), service)

        task = asyncio.ensure_future(ask())
        waiting = asyncio.ensure_future(reached.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            return  # it has answered without the service
        task.cancel()
        await patiently(asyncio.wait([task]), "a request whose client is gone")
        assert task.cancelled(), "it goes on although its request was cancelled. Let CancelledError out"


def _request(method: str, target: bytes, fields: tuple[tuple[str, str], ...], number: str) -> Request:
    body = BytesBody(b"some data") if method == "POST" else BytesBody(b"")
    return Request(method, target, Headers.of(fields), authority="a.example", client="192.0.2.1", id=number, body=body)


async def _parts() -> AsyncIterator[bytes]:
    yield b"in "
    yield b"parts"
