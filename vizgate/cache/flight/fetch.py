"""Asking the service, and storing what may be stored.

In: ``Fetch``, the work of one flight. Not in: who waits for it (``flight.flight``) and what they are told
(``cache.middleware``).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from vizgate.cache.ask.vary import is_chosen_alike, vary_names
from vizgate.cache.flight.fill import Fill
from vizgate.cache.flight.flight import Arriving, Flight
from vizgate.cache.flight.flights import Flights, Mark
from vizgate.cache.flight.room import Room
from vizgate.cache.rules.freshness import Received
from vizgate.cache.rules.reuse import ERRORS, NO_WISH, Terms, may_replace_error
from vizgate.cache.rules.storable import Refusal
from vizgate.cache.storage.storage import Storage
from vizgate.cache.storage.stored import StoredResponse
from vizgate.cache.storage.taking import Asked, Defaults, freshened, names_other, taken, terms_or_refusal
from vizgate.clock import Clock
from vizgate.errors import Termination
from vizgate.message.headers import Headers
from vizgate.pipeline.body import Body
from vizgate.pipeline.detached import detached, end
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Outcome, Request
from vizgate.pipeline.response import Response

_log = logging.getLogger("vizgate.cache")

#: How long a key is remembered whose answers are of no use to others, in seconds; and after an error of the service.
MARK_S = 10.0
MARK_AFTER_ERROR_S = 1.0

#: How long others wait for the end of a body that does not tell its length, in seconds.
LATE_S = 5.0

_CONDITIONAL = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range", b"range"}
)


@dataclass(frozen=True, slots=True)
class Means:
    """What the flights of one route share."""

    storage: Storage
    flights: Flights
    clock: Clock
    defaults: Defaults
    max_object_bytes: int


class Fetch:
    """*flight*, made by sending what *origin* asks for to *forward*.

    Args: stale: what is stored, and is asked for again: of what has a validator the service may say that it is still
    good.
    """

    def __init__(  # the parts of a flight, each of its own kind
        self,
        means: Means,
        flight: Flight,
        asked: Asked,
        origin: Request,
        forward: Handler,
        stale: StoredResponse | None,
    ) -> None:
        self._means = means
        self._flight = flight
        self._asked = asked
        self._origin = origin
        self._forward = forward
        self._stale = stale
        self._request = self._new_request(stale)
        self._room = Room(means.storage)

    def _new_request(self, stale: StoredResponse | None) -> Request:
        """What the service is sent: no condition or range of the client's, because the whole is wanted for all."""
        raw = [field for field in self._origin.headers.raw if field[0].lower() not in _CONDITIONAL]
        if stale is not None and stale.entity_tag is not None:
            raw.append((b"If-None-Match", stale.entity_tag))
        if stale is not None and stale.modified is not None:
            raw.append((b"If-Modified-Since", stale.modified))
        request = detached(self._origin, Headers(raw))
        # For HEAD, too: what is stored must be whole.
        request.method = "GET"
        request.is_shared = True
        request.relay_interim = self._flight.relay_interim
        if self._flight.is_background:
            request.outcome = Outcome()
        return request

    async def run(self) -> None:
        """Ask, store, tell. It never raises: what went wrong is told to the leader."""
        flight = self._flight
        try:
            await self._take(*await self._ask())
        except Exception as error:  # noqa: BLE001  # told to the leader, who raises it
            flight.error = error
            if flight.headed.is_set():
                # Readers of the body see for themselves.
                _log.debug("an answer for %s broke off while it was stored: %s", flight.address.target, error)
        finally:
            self._room.leave()
            self._means.flights.close(flight)
            flight.settle()
            if flight.response is None or flight.is_failure:
                end(self._request)

    async def _ask(self) -> tuple[Response, Received]:
        clock = self._means.clock
        request_s = clock.monotonic()
        response = await self._forward(self._request)
        received = Received(request_s, clock.monotonic(), clock.wall())
        self._flight.status = 0 if response.local else response.status
        self._flight.sent_target = self._request.target
        return response, received

    async def _take(self, response: Response, received: Received) -> None:
        stale = self._stale
        if response.status == 304 and stale is not None and stale.has_validator:
            if not names_other(stale, response.headers):
                self._freshen(stale, response, received)
                return
            # RFC 9111 4.3.4: what is stored is not what the service has, and is not there to be freshened.
            self._means.storage.drop(stale)
            end(self._request)
            self._request = self._new_request(None)
            response, received = await self._ask()
        terms = self._judged(response, received)
        flight = self._flight
        flight.is_error = response.status in ERRORS
        is_replaced = (
            flight.is_error and stale is not None and may_replace_error(stale.terms, NO_WISH, self._age_s(stale))
        )
        if isinstance(terms, Terms) and not is_replaced and self._has_room_for(response.body):
            await self._store(response, terms, received)
        else:
            self._pass(response, terms, is_replaced=is_replaced)

    def _age_s(self, stale: StoredResponse) -> float:
        return stale.age_s(self._means.clock.monotonic())

    def _judged(self, response: Response, received: Received) -> Terms | Refusal:
        if self._request.outcome.is_substitute:
            # What stands in for the service for a moment must not do so any longer than that.
            return Refusal.SUBSTITUTE
        if not self._is_keyed(response):
            return Refusal.VARY
        return terms_or_refusal(response, self._asked, self._means.defaults, received.response_wall_s)

    def _is_keyed(self, response: Response) -> bool:
        """Whether all that chose *response* is known here: a field that ``Vary`` names may have been set further in,
        by what a client has not sent, and another client would be given what was made for this one.
        """
        return is_chosen_alike(vary_names(response.headers), self._asked.raw, self._request.headers.raw)

    def _freshen(self, stale: StoredResponse, response: Response, received: Received) -> None:
        flight, means = self._flight, self._means
        fresh = freshened(stale, response, self._asked, means.defaults, received)
        if fresh is None or not self._is_keyed(response):
            # No longer to be stored, but good for who has asked: the service has just said so.
            means.storage.drop(stale)
            flight.response = Response(stale.status, response.headers, stale.data, reason=stale.reason, local=False)
            flight.response.headers.raw[:0] = _missing(stale, response)
            flight.hand_over(self._request)
            return
        flight.stored = fresh
        if not flight.is_outdated:
            means.storage.drop(stale)
            means.storage.keep(fresh)

    def _has_room_for(self, body: Body) -> bool:
        size = len(body.data) if body.data is not None else body.length
        if size is not None and size > self._means.max_object_bytes:
            return False
        # What arrives is held, too: the budget is for both, so that many large answers at once cannot go beyond it. Of
        # one that does not tell its length nothing is held yet.
        return body.data is not None or size is None or self._room.take(size)

    async def _store(self, response: Response, terms: Terms, received: Received) -> None:
        flight = self._flight
        data = response.body.data
        if data is not None:
            flight.stored = taken(response, data, terms, self._asked, received)
            self._keep(flight.stored)
            return
        fill = Fill(response.body, self._means.max_object_bytes, self._room)
        flight.arriving = Arriving(taken(response, b"", terms, self._asked, received), fill)
        flight.headed.set()
        late = None
        if fill.length is not None:
            # It cannot turn out to be too long, so others may read along.
            flight.settled.set()
        else:
            late = asyncio.get_running_loop().call_later(LATE_S, self._release)
        try:
            data = await fill.run()
        finally:
            if late is not None:
                late.cancel()
        if data is None:
            # The leader reads on from the service itself; until then, or until it leaves, what has come is held for it.
            self._request.on_complete(self._room.leave)
            self._room = Room(self._means.storage)
            flight.response = response
            if not fill.found_no_room:
                self._mark(Mark.PASS, response.status)
            flight.hand_over(self._request)
        else:
            # From here on it is what is stored that counts.
            self._room.leave()
            flight.stored = taken(response, data, terms, self._asked, received)
            fill.stored_as(flight.stored)
            self._keep(flight.stored)

    def _release(self) -> None:
        """Have nobody wait any longer for a body that may go on for hours; it is stored all the same if it ends."""
        self._mark(Mark.PASS, 200)
        self._flight.settled.set()

    def _keep(self, stored: StoredResponse) -> None:
        flight, means = self._flight, self._means
        if flight.is_outdated:
            means.storage.count_unread(stored)
        else:
            means.storage.keep(stored)
            means.flights.unmark(flight.key)

    def _pass(self, response: Response, terms: Terms | Refusal, *, is_replaced: bool) -> None:
        """Give *response*, which is not stored, to the leader alone; if it *is_replaced*, all have what is stale."""
        flight = self._flight
        flight.response = response
        flight.termination = self._request.outcome.termination
        flight.is_failure = flight.is_error and response.local and flight.termination is not Termination.NORMAL
        if flight.is_failure:
            return
        if response.status < 500 and self._stale is not None and terms is not Refusal.SUBSTITUTE:
            # The service has something else by now, or nothing.
            self._means.storage.drop(self._stale)
        # What only found no room may find it the next time.
        if not is_replaced and (isinstance(terms, Refusal) or flight.followers):
            self._mark(Mark.PASS, 503 if terms is Refusal.SUBSTITUTE else response.status)
        flight.hand_over(self._request)

    def _mark(self, mark: Mark, status: int) -> None:
        for_s = MARK_S if status < 500 else MARK_AFTER_ERROR_S
        self._means.flights.mark(self._flight.key, mark, self._means.clock.monotonic(), for_s)


def _missing(stale: StoredResponse, response: Response) -> list[tuple[bytes, bytes]]:
    """The fields of *stale* that *response*, a 304, does not replace."""
    told = {name.lower() for name, _ in response.headers.raw}
    return [field for field in stale.fields if field[0].lower() not in told]
