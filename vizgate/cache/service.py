"""The way to the service, for requests that what is stored does not answer.

In: ``ServiceSide``: who asks, who waits for whom, who goes alone. Not in: asking itself (``flight.fetch``), and whether
the service need be asked (``cache.middleware``).
"""

from __future__ import annotations

import asyncio

from vizgate.cache.answers import Way, not_modified_fields, stored_answer, told
from vizgate.cache.ask.conditions import is_not_modified
from vizgate.cache.flight.fetch import MARK_S, Fetch, Means
from vizgate.cache.flight.flight import Flight, FlightKey
from vizgate.cache.flight.flights import Mark
from vizgate.cache.rules.reuse import ERRORS, Use, may_replace_error, use_of
from vizgate.cache.visit import Visit
from vizgate.errors import Overloaded, ResponseTimedOut, Termination
from vizgate.message.headers import Field, Headers
from vizgate.observe.metrics.counters import Counter, CounterFamily
from vizgate.pipeline.body import EMPTY, discard
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: How often a request waits for another one, before it goes alone.
_ROUNDS = 3


class Counts:
    """How requests of one route were answered, each counted once."""

    __slots__ = ("bypass", "collapsed", "hit", "miss", "passed", "revalidated", "stale")

    def __init__(self, family: CounterFamily, route: str) -> None:
        def of(result: str) -> Counter:
            return family.of(route, result)

        self.hit = of("hit")
        self.stale = of("stale")
        self.revalidated = of("revalidated")
        self.miss = of("miss")
        self.collapsed = of("collapsed")
        self.passed = of("pass")
        self.bypass = of("bypass")


class ServiceSide:
    """Asks the service, once for all who want the same."""

    def __init__(self, means: Means, counts: Counts) -> None:
        self._means = means
        self._counts = counts

    async def answer(self, visit: Visit) -> Response:
        """The answer to *visit* by the service, or by what is stored if that may stand in for it.

        Raises: ResponseTimedOut: the time of the request was over while it waited for another one's answer. Overloaded:
        the cache stops. Whatever the service side raises.
        """
        means = self._means
        for _ in range(_ROUNDS):
            key = visit.flight_key(means.storage.varies(visit.key))
            mark = means.flights.mark_of(key, means.clock.monotonic())
            if mark is Mark.PASS:
                return await self._pass(visit)
            flight = means.flights.get(key) if mark is None else None
            if flight is None:
                return await self._lead(visit, key, is_open=mark is None)
            flight.follow(visit.request)
            await self._wait(flight, visit.request)
            response = self._shared(visit, flight)
            if response is not None:
                return response
        return await self._lead(visit, key, is_open=False)

    def refresh(self, visit: Visit) -> None:
        """Ask the service in the background, unless somebody does already."""
        means = self._means
        key = visit.flight_key(means.storage.varies(visit.key))
        if means.flights.get(key) is None:
            self._start(visit, key, None, is_open=True)

    def _start(self, visit: Visit, key: FlightKey, leader: Request | None, *, is_open: bool) -> Flight:
        if visit.stored is not None and not self._means.storage.holds(visit.stored):
            # Purged while it waited for another one: what a 304 says about it must not bring it back.
            visit.stored = None
        asked = visit.asked()
        flight = Flight(key, asked.address, leader)
        fetch = Fetch(self._means, flight, asked, visit.request, visit.forward, visit.stored)
        self._means.flights.start(flight, fetch.run, is_open=is_open)
        return flight

    async def _wait(self, flight: Flight, request: Request) -> None:
        if not request.deadline_s:
            await flight.settled.wait()
            return
        try:
            async with asyncio.timeout(request.deadline_s - self._means.clock.monotonic()):
                await flight.settled.wait()
        except TimeoutError as exc:
            raise ResponseTimedOut("no time left to wait for an answer to the same request") from exc

    # the one who asks

    async def _lead(self, visit: Visit, key: FlightKey, *, is_open: bool) -> Response:
        flight = self._start(visit, key, visit.request, is_open=is_open)
        await flight.headed.wait()
        if flight.sent_target:
            # As if it had gone on itself: whoever looks on wants to know what the service saw.
            visit.request.target = flight.sent_target
        found = self._of_flight(visit, flight, is_collapsed=False)
        if found is not None:
            (self._counts.revalidated if flight.status == 304 else self._counts.miss).value += 1
            return found
        response = flight.response
        if response is None:
            if flight.error is not None:
                raise flight.error
            # It was broken off, because the cache stops.
            raise Overloaded("the cache has stopped")
        return self._passed(visit, response)

    def _passed(self, visit: Visit, response: Response) -> Response:
        """*response*, which is for *visit* alone, or what is stale instead of an error."""
        status = 0 if response.local else response.status
        stale = self._instead_of_error(visit, status) if response.status in ERRORS else None
        if stale is not None:
            discard(response.body)
            return stale
        self._counts.passed.value += 1
        return told(self._judged(visit, response), Way(visit.why, status))

    def _of_flight(self, visit: Visit, flight: Flight, *, is_collapsed: bool) -> Response | None:
        """The answer out of what *flight* has brought, None when that is nothing to be shared."""
        now_s = self._means.clock.monotonic()
        way = Way(visit.why, flight.status, is_stored=not flight.is_outdated, is_collapsed=is_collapsed)
        if flight.stored is not None:
            return stored_answer(flight.stored, visit.question, now_s, way)
        if flight.arriving is not None:
            like, fill = flight.arriving
            return stored_answer(like, visit.question, now_s, way, fill.body())
        return None

    def _judged(self, visit: Visit, response: Response) -> Response:
        """*response*, or 304 if the client has it already: the service did not see the condition."""
        if response.status != 200 or response.local or not visit.question.fields:
            return response
        headers, wall_s = response.headers, self._means.clock.wall()
        tag, modified = headers.get_bytes(b"etag"), headers.get_bytes(b"last-modified")
        if not is_not_modified(visit.question.fields, tag, modified, wall_s, wall_s):
            return response
        discard(response.body)
        return Response(304, Headers(not_modified_fields(response.headers.raw)), EMPTY, local=False)

    # those who wait

    def _shared(self, visit: Visit, flight: Flight) -> Response | None:
        """What *flight* has brought, if it may be given to *visit*, too."""
        like = flight.stored
        if like is None and flight.arriving is not None and flight.arriving.fill.can_be_shared:
            like = flight.arriving.like
        if like is None:
            stale = self._instead_of_error(visit, flight.status) if flight.is_error else None
            return self._shared_failure(visit, flight) if stale is None and flight.is_failure else stale
        if visit.flight_key(like.varies).values != like.values:
            return None
        # The service was asked while it waited, which is what no-cache wants.
        wish = visit.question.wish._replace(no_cache=False)
        if use_of(like.terms, wish, like.age_s(self._means.clock.monotonic())) is Use.VALIDATE:
            self._means.flights.mark(flight.key, Mark.ALONE, self._means.clock.monotonic(), MARK_S)
            return None
        self._counts.collapsed.value += 1
        return self._of_flight(visit, flight, is_collapsed=True)

    def _shared_failure(self, visit: Visit, flight: Flight) -> Response:
        """A service that cannot be reached is not tried by everybody who waits, each in turn."""
        assert flight.response is not None
        self._counts.collapsed.value += 1
        fields: list[Field] = [field for field in flight.response.headers.raw if field[0].lower() == b"retry-after"]
        response = problem(flight.response.status, "", visit.request.id, fields)
        visit.request.outcome.termination = flight.termination
        return told(response, Way(visit.why, is_collapsed=True))

    def _instead_of_error(self, visit: Visit, status: int) -> Response | None:
        stored = visit.stored
        now_s = self._means.clock.monotonic()
        if stored is None or not may_replace_error(stored.terms, visit.question.wish, stored.age_s(now_s)):
            return None
        self._counts.stale.value += 1
        visit.request.outcome.termination = Termination.NORMAL
        way = Way(b"stale", status, detail=b"stale-if-error")
        return stored_answer(stored, visit.question, now_s, way)

    # those who go alone

    async def _pass(self, visit: Visit) -> Response:
        """The answer of the service, as it is; whether it could be stored is not asked before the mark has expired."""
        return self._passed(visit, await visit.forward(visit.request))
