"""Components of one's own for gateways under test: a middleware that counts in the store, and a store."""

from __future__ import annotations

import inspect

from vizgate.extension.contract import Middleware, MiddlewareConfig
from vizgate.extension.kinds.store_component import StoreComponent, StoreConfigBase
from vizgate.extension.store import NO_CELLS, Cells, Program
from vizgate.extension.values.fields import Integer
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing.store_suite import CountUp


class Counting(Middleware):
    """Refuses with 429 whoever comes after ``most``."""

    class Config(MiddlewareConfig):
        most: Integer = 3

    async def __call__(self, request: Request, forward: Handler) -> Response:
        answer = self.context.store.run(CountUp(), b"requests", (float(self.config.most),))
        has_passed, _ = await answer if inspect.isawaitable(answer) else answer
        return await forward(request) if has_passed else Response.text(429, "too many")


class DictStore(StoreComponent):
    """A store as a stranger might write it: one that forgets nothing by itself."""

    class Config(StoreConfigBase):
        room: Integer

    is_local = True

    def __init__(self, config, context=None):
        super().__init__(config, context)
        self._kept: dict[bytes, tuple[Cells, float]] = {}

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        now_s = self.context.clock.wall()
        cells, expires_s = self._kept.get(key, (NO_CELLS, 0.0))
        cells, ttl_s, result = program.run(cells if now_s < expires_s else NO_CELLS, now_s, arguments)
        self._kept[key] = (cells, now_s + ttl_s)
        assert len(self._kept) <= self.config.room
        return result
