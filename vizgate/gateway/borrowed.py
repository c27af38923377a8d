"""Sites that are another one but for a part.

In: ``BorrowedSite``, ``LastSite``. Not in: what is lent (``gateway.public``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from vizgate.gateway.plan import ServerPlan
from vizgate.gateway.site import Site
from vizgate.message.headers import Field
from vizgate.observe.date import HttpDate
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import GatewayCells
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class BorrowedSite:
    """See ``gateway.site.Site``. Everything is *site*'s."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.scheme = site.scheme

    @property
    def date(self) -> HttpDate:
        """See ``Site``."""
        return self._site.date

    @property
    def cells(self) -> GatewayCells:
        """See ``Site``."""
        return self._site.cells

    @property
    def is_draining(self) -> bool:
        """See ``Site``."""
        return self._site.is_draining

    @property
    def is_ending(self) -> bool:
        """See ``Site``."""
        return self._site.is_ending

    @property
    def log(self) -> Callable[[ExchangeRecord], None] | None:
        """See ``Site``."""
        return self._site.log

    @property
    def server(self) -> ServerPlan:
        """See ``Site``."""
        return self._site.server

    def request_id(self, asserted: tuple[Field, ...]) -> str:
        """See ``Site``."""
        return self._site.request_id(asserted)

    def count(self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> None:
        """See ``Site``."""
        self._site.count(request, status, duration_s, bytes_in, bytes_out)

    def report_failure(self, request: Request) -> None:
        """See ``Site``."""
        self._site.report_failure(request)

    def left(self, connection: Any) -> None:
        """See ``Site``."""
        self._site.left(connection)

    def handle(self, request: Request) -> Awaitable[Response]:
        """See ``Site``."""
        return self._site.handle(request)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._site!r}>"


class LastSite(BorrowedSite):
    """The site of a connection that ends with its present request, because its entrance is no more what it was."""

    @property
    def is_draining(self) -> bool:
        """It is."""
        return True

    @property
    def is_ending(self) -> bool:
        """It is."""
        return True
