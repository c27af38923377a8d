"""What a connection needs to know about the place it leads to: the public listeners or the admin listener.

In: the ``Site`` protocol. Not in: its two forms (``gateway.public``, ``gateway.admin.site``) and
those that borrow from them (``gateway.borrowed``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from vizgate.gateway.plan import ServerPlan
from vizgate.message.headers import Field
from vizgate.observe.date import HttpDate
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import GatewayCells
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class Site(Protocol):
    """A connection's view of the gateway."""

    #: What clients speak where the connection does not show it.
    scheme: str

    @property
    def date(self) -> HttpDate:
        """The value of ``Date``."""
        ...

    @property
    def cells(self) -> GatewayCells:
        """Where connections and requests are counted."""
        ...

    @property
    def is_draining(self) -> bool:
        """Whether each connection is to end with its present request."""
        ...

    @property
    def is_ending(self) -> bool:
        """Whether nobody new comes, and a connection without a request ends in a moment."""
        ...

    @property
    def log(self) -> Callable[[ExchangeRecord], None] | None:
        """Takes the record of each request that has ended; None where nobody wants them, so that none is made."""
        ...

    @property
    def server(self) -> ServerPlan:
        """The present plan of the server part."""
        ...

    def request_id(self, asserted: tuple[Field, ...]) -> str:
        """The id of a request whose client asserts *asserted*."""
        ...

    def handle(self, request: Request) -> Awaitable[Response]:
        """The answer to *request*; errors are answers, too.

        Raises: ClientGone: there is nobody to answer any more.
        """
        ...

    def count(self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> None:
        """Count *request*, which has ended. Args: status: what the client was sent. bytes: of bodies."""
        ...

    def report_failure(self, request: Request) -> None:
        """Log the exception being handled: an answer to *request* failed half-way."""
        ...

    def left(self, connection: Any) -> None:
        """Forget *connection*, which has ended."""
        ...


def run_callbacks(site: Site, request: Request) -> None:
    """Have everything run that waits for the end of *request*. What fails of it is a plugin's: it is reported, and
    keeps nothing else from being given back.
    """
    for callback in request.take_callbacks():
        try:
            callback()
        except BaseException:  # noqa: BLE001  # as above, a cancellation, too: nothing is awaited here
            site.report_failure(request)
