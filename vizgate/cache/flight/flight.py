"""One request to the service for the sake of all who ask for the same.

In: ``Flight``: who waits, what came. Not in: making the request (``flight.fetch``), finding a flight
(``flight.flights``).
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from vizgate.cache.ask.vary import VaryValues
from vizgate.cache.flight.fill import Fill
from vizgate.cache.storage.key import Address, ResourceKey
from vizgate.cache.storage.stored import StoredResponse
from vizgate.errors import Termination
from vizgate.pipeline.detached import end
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: How long what nobody waits for any more may go on arriving, in seconds.
ALONE_S = 10.0


class FlightKey(NamedTuple):
    """Whose requests go together: those for one key that agree in what is known to choose a response. Requests with
    credentials have flights of their own, because most of their answers must not be shared.
    """

    resource: ResourceKey
    values: VaryValues
    has_credentials: bool


class Arriving(NamedTuple):
    """A response that may be stored, and whose body is on its way. ``like``: it, without its body."""

    like: StoredResponse
    fill: Fill


class Flight:
    """``stored``, ``arriving``, ``response``: what came; at most one of the first two. ``response`` is the first one's
    alone unless ``is_failure``. ``status``: of the answer of the service, 0 for none.

    Args: leader: the request for whose sake it is made; None for one in the background.
    """

    def __init__(self, key: FlightKey, address: Address, leader: Request | None) -> None:
        self.key = key
        self.address = address
        self.task: asyncio.Task[None] | None = None
        self.status = 0
        self.stored: StoredResponse | None = None
        self.arriving: Arriving | None = None
        self.response: Response | None = None
        #: Whether the answer is an error that something stale may take the place of.
        self.is_error = False
        #: Whether the gateway itself had to answer, because the service did not; and how that came.
        self.is_failure = False
        self.termination = Termination.NORMAL
        #: Whether what comes must not be stored any more: it may be older than a change.
        self.is_outdated = False
        self.error: BaseException | None = None
        #: What the service was asked for, once it was: handlers further in may have changed the target.
        self.sent_target = b""
        #: Set when the leader, and when all others can be told.
        self.headed = asyncio.Event()
        self.settled = asyncio.Event()
        self.followers = 0
        self.is_background = leader is None
        self._leader = leader
        self._wanted = 0
        self._leader_left = leader is None
        self._alone: asyncio.TimerHandle | None = None
        if leader is not None:
            self._join(leader)

    def follow(self, request: Request) -> None:
        """Have *request* wait for it, too."""
        self.followers += 1
        self._join(request)

    def _join(self, request: Request) -> None:
        self._wanted += 1
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None
        is_leader = request is self._leader
        request.on_complete(lambda: self._leave(is_leader=is_leader))

    def _leave(self, *, is_leader: bool) -> None:
        self._wanted -= 1
        self._leader_left |= is_leader
        if self._wanted or self.task is None or self.task.done():
            return
        if not self.headed.is_set():
            self.task.cancel()
        else:
            # What has begun to come is worth storing, within bounds of size (``Fill``) and of time.
            self._alone = asyncio.get_running_loop().call_later(ALONE_S, self.task.cancel)

    def hand_over(self, asked: Request) -> None:
        """Have the leader bear the end of *asked*, whose answer it is given; one that has left ends it now."""
        if self._leader is None or self._leader_left:
            end(asked)
        else:
            self._leader.on_complete(lambda: end(asked))

    def relay_interim(self, status: int, lines: bytes) -> None:
        """Give a 1xx answer to the leader, if it is there and can have it; the others have missed some, maybe."""
        leader = self._leader
        if leader is not None and not self._leader_left and leader.relay_interim is not None:
            leader.relay_interim(status, lines)

    def settle(self) -> None:
        """Tell everybody who waits."""
        self.headed.set()
        self.settled.set()
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None

    def __repr__(self) -> str:
        return f"<Flight for {self.address.target} [{self._wanted} waiting]>"
