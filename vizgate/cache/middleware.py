"""``use: cache``: answers what it can, and has the service asked for the rest.

In: ``CacheMiddleware``: which requests concern a cache, and what is stored for them. Not in: the service
(``cache.service``), the rules (``cache.rules``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from vizgate.cache.answers import Way, stored_answer, told
from vizgate.cache.ask.question import Question
from vizgate.cache.ask.vary import is_chosen_alike
from vizgate.cache.config import CacheConfig
from vizgate.cache.flight.fetch import Means
from vizgate.cache.http_cache import HttpCache
from vizgate.cache.invalidation import invalid_addresses
from vizgate.cache.rules.freshness import Received
from vizgate.cache.rules.reuse import Use, use_of
from vizgate.cache.service import Counts, ServiceSide
from vizgate.cache.storage.key import key_of
from vizgate.cache.storage.stored import StoredResponse
from vizgate.cache.storage.taking import Defaults, freshened, names_other, names_same
from vizgate.cache.visit import Visit
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.body import EMPTY
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_BYPASS = Way(b"bypass")


class CacheMiddleware(Middleware):
    """A shared HTTP cache (RFC 9111) in front of one route; see ``docs/reference/cache.md``."""

    Config: ClassVar[type[ComponentConfig]] = CacheConfig

    def __init__(self, config: CacheConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        context = self.context
        #: What this route shares with others of its zone.
        self.cache = context.kept.get(HttpCache, config.zone, HttpCache)
        self._size_bytes = config.size
        self._hears_clients = config.request_directives
        self._storage = self.cache.storage
        self._monotonic = context.clock.monotonic
        defaults = Defaults(config.ttl, config.stale_while_revalidate, config.stale_if_error)
        self._means = Means(self._storage, self.cache.flights, context.clock, defaults, config.max_object)
        family = context.metrics.counters(
            "cache_requests", "Requests that passed a cache, by how they were answered.", ("route", "result")
        )
        self._counts = Counts(family, context.route)
        self._service = ServiceSide(self._means, self._counts)
        self._has_entered = False
        #: Which of several services a request goes to; None where there is one.
        self.way_of: Callable[[Request], int] | None = None

    async def start(self) -> None:
        """Take part in the cache; before that, nothing is stored."""
        self._has_entered = True
        self.cache.enter(self._size_bytes)

    async def stop(self) -> None:
        """Leave; what other plans use stays."""
        if self._has_entered:
            self._has_entered = False
            self.cache.leave(self._size_bytes)
            if not self.cache.is_used:
                await self.cache.flights.stop()

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """The answer to *request*, out of the cache if that may be."""
        method = request.method
        if method not in ("GET", "HEAD"):
            return await self._other(request, forward)
        if request.upgrade or (request.body is not EMPTY and request.body.length != 0):
            return await self._bypass(request, forward)
        question = Question(
            request.headers.raw,
            is_known=request.identity is not None,
            hears_clients=self._hears_clients,
            authority=request.authority.encode("latin-1"),
        )
        if question.is_beyond:
            return await self._bypass(request, forward)
        way = 0 if self.way_of is None else self.way_of(request)
        visit = Visit(request, forward, question, key_of(request, way, question.told))
        stored = self._storage.find(visit.key, request.headers.raw)
        if stored is None:
            visit.why = b"uri-miss" if self._storage.varies(visit.key) is None else b"vary-miss"
        elif not stored.terms.lifetime.is_told and question.has_credentials:
            # The service did not say that it is for everybody; who can be told apart gets an answer of his own.
            visit.why = b"request"
        else:
            response = self._of_stored(visit, stored)
            if response is not None:
                return response
        return await self._asking(visit)

    def _of_stored(self, visit: Visit, stored: StoredResponse) -> Response | None:
        """The answer out of *stored*, None when the service must be asked first."""
        now_s = self._monotonic()
        age_s = stored.age_s(now_s)
        use = Use.VALIDATE if stored.is_outdated else use_of(stored.terms, visit.question.wish, age_s)
        if use is Use.FRESH:
            self._counts.hit.value += 1
            return stored_answer(stored, visit.question, now_s)
        visit.stored = stored
        visit.why = b"stale" if age_s >= stored.terms.lifetime.seconds else b"request"
        if use is Use.VALIDATE:
            return None
        # RFC 9111 5.2.1.5: no answer to a request with no-store is to be stored, not even one that it does not get.
        if use is Use.WHILE_REVALIDATING and not visit.question.wish.no_store:
            self._service.refresh(visit)
        self._counts.stale.value += 1
        return stored_answer(stored, visit.question, now_s)

    async def _asking(self, visit: Visit) -> Response:
        question, request = visit.question, visit.request
        if question.wish.only_if_cached:
            # RFC 9111 5.2.1.7.
            self._counts.passed.value += 1
            return told(problem(504, "not in the cache", request.id), Way(visit.why, detail=b"only-if-cached"))
        if request.method == "HEAD":
            return await self._head(visit)
        # A part of a response is never stored, and the whole is more than this client has asked for.
        if question.wish.no_store or b"range" in question.fields:
            self._counts.passed.value += 1
            response = await visit.forward(request)
            return told(response, Way(visit.why, 0 if response.local else response.status))
        return await self._service.answer(visit)

    async def _head(self, visit: Visit) -> Response:
        """The answer of the service, which may tell something about what is stored (RFC 9111 4.3.5)."""
        clock = self.context.clock
        request_s = clock.monotonic()
        # As it came: what is further in may change the request.
        asked = visit.asked()._replace(raw=[*visit.raw])
        response = await visit.forward(visit.request)
        received = Received(request_s, clock.monotonic(), clock.wall())
        stored = visit.stored
        if stored is not None and response.status == 200 and not response.local:
            fresh = freshened(stored, response, asked, self._means.defaults, received)
            is_other = names_other(stored, response.headers) or not _has_length(stored, response)
            if fresh is None or is_other or not is_chosen_alike(fresh.varies, asked.raw, visit.raw):
                stored.is_outdated = True
            elif names_same(stored, response.headers):
                self._storage.drop(stored)
                self._storage.keep(fresh)
        self._counts.passed.value += 1
        return told(response, Way(visit.why, 0 if response.local else response.status))

    async def _other(self, request: Request, forward: Handler) -> Response:
        """A method whose answers are not stored, and which may change what is."""
        target = request.target
        response = await forward(request)
        for address in invalid_addresses(request, response, target):
            self.cache.invalidate(address)
        self._counts.bypass.value += 1
        return told(response, Way(b"method"))

    async def _bypass(self, request: Request, forward: Handler) -> Response:
        self._counts.bypass.value += 1
        return told(await forward(request), _BYPASS)


def _has_length(stored: StoredResponse, response: Response) -> bool:
    told_length = response.headers.get_bytes(b"content-length")
    return told_length is None or told_length == b"%d" % len(stored.data)
