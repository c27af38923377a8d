"""A cache in front of an origin that a test writes.

In: ``Origin`` (answers, and remembers what it was asked), ``CacheSite`` (a middleware over it, and requests that end).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from vizgate.cache.config import CacheConfig
from vizgate.cache.middleware import CacheMiddleware
from vizgate.errors import ExchangeError
from vizgate.extension.contract import Context
from vizgate.extension.kept import Kept
from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.observe.date import imf_fixdate
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.replies import problem_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock

Fields = dict[str, str]
Answer = Callable[[Request], Response]


def reply(status: int = 200, body: bytes = b"content", **fields: str) -> Answer:
    """Answers with a response of the service; ``cache_control`` stands for ``Cache-Control``, and so on."""

    def answer(request: Request) -> Response:
        pairs = [(name.replace("_", "-").title(), value) for name, value in fields.items()]
        return Response(status, Headers.of(pairs), body, local=False)

    return answer


class Origin:
    """Each request gets the next of *answers*, the last one for ever. ``open``: they wait until it is set."""

    def __init__(self, clock: ManualClock, *answers: Answer) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.ended = 0
        self.has_date = True
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, request: Request) -> Response:
        index = min(len(self.requests), len(self.answers) - 1)
        self.requests.append(request)
        request.on_complete(self._end)
        await self.open.wait()
        try:
            response = self.answers[index](request)
        except ExchangeError as error:
            request.outcome.termination = error.termination
            return problem_of(error, request.id)
        if self.has_date and "Date" not in response.headers and not response.local:
            response.headers["Date"] = imf_fixdate(int(self.clock.wall()))
        return response

    def _end(self) -> None:
        self.ended += 1

    @property
    def last(self) -> Headers:
        """The fields of the last request."""
        return self.requests[-1].headers


class CacheSite:
    """Requests to a cache with *settings* in front of an origin with *answers*."""

    def __init__(self, *answers: Answer, **settings: Any) -> None:
        self.clock = ManualClock()
        self.origin = Origin(self.clock, *answers)
        self.metrics = Metrics()
        self.kept = Kept()
        self.middleware = self.route("r", **settings)
        self.cache = self.middleware.cache

    def route(self, name: str, **settings: Any) -> CacheMiddleware:
        """One more middleware over the same memory, which has started."""
        context = Context(route=name, clock=self.clock, kept=self.kept, metrics=self.metrics)
        middleware = CacheMiddleware(CacheConfig(**settings), context)
        middleware._has_entered = True
        middleware.cache.enter(middleware.config.size)
        return middleware

    async def get(self, target: str = "/a", **more: Any) -> Response:
        return await self.send("GET", target, **more)

    async def send(
        self,
        method: str,
        target: str = "/a",
        *,
        route: CacheMiddleware | None = None,
        host: str = "example.com",
        scheme: str = "http",
        identity: Identity | None = None,
        **fields: str,
    ) -> Response:
        """The answer to a request that has ended, with its body in memory."""
        request = self.request(method, target, host=host, scheme=scheme, **fields)
        request.identity = identity
        request.route = (route or self.middleware).context.route
        try:
            response = await (route or self.middleware)(request, self.origin)
            await response.body.read(10_000_000)
            return response
        finally:
            for callback in request.take_callbacks():
                callback()

    def request(self, method: str, target: str, *, host: str = "example.com", scheme: str = "http", **fields: str):
        pairs = [(name.replace("_", "-"), value) for name, value in fields.items()]
        headers = Headers.of([("Host", host), *pairs])
        request = Request(method, target.encode(), headers, authority=host, scheme=scheme, id="id-1")
        request.route = "r"
        return request

    @property
    def calls(self) -> int:
        """How often the service was asked."""
        return len(self.origin.requests)


def status_of(response: Response) -> str:
    """What the cache says about *response*."""
    return response.headers.get_all("Cache-Status")[-1]


async def chunks(
    *parts: bytes, gate: asyncio.Event | None = None, error: Exception | None = None
) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if gate is not None:
        await gate.wait()
        yield b"end"
    if error is not None:
        raise error


def streaming(body: Callable[[], AsyncIterator[bytes]], length: int | None = None, **fields: str) -> Answer:
    """Answers with a body that arrives."""

    def answer(request: Request) -> Response:
        response = reply(**fields)(request)
        response.body = StreamBody(body(), length)
        return response

    return answer


async def turns(count: int = 20) -> None:
    """Let the loop do what is due."""
    for _ in range(count):
        await asyncio.sleep(0)
