"""The ways in for requests.

In: ``Sites``: all of them serve by one plan. Not in: one of them (``gateway.public``).
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.plugged.sink_feed import SinkFeed
from vizgate.gateway.public import PublicSite
from vizgate.gateway.running.records import Taker, each
from vizgate.gateway.state import GatewayState
from vizgate.observe.access_log import AccessLog


class Sites:
    """Ways in, for as long as somebody holds them. ``log``: where every record goes, None for nowhere. ``feeds``: where
    else it goes.
    """

    def __init__(self, state: GatewayState, endpoints: Endpoints) -> None:
        self.log: AccessLog | None = None
        self.feeds: tuple[SinkFeed, ...] = ()
        self._state = state
        self._endpoints = endpoints
        self._is_draining = False
        self._sites: WeakKeyDictionary[PublicSite, tuple[Taker, ...]] = WeakKeyDictionary()

    def open(self, plan: GatewayPlan, observers: tuple[Taker, ...]) -> PublicSite:
        """One more. Args: observers: are given the records of its requests, too."""
        site = PublicSite(plan, self._state, self._endpoints, self._taker(observers))
        site.is_draining = self._is_draining
        self._sites[site] = observers
        return site

    def use(self, plan: GatewayPlan, log: AccessLog | None, feeds: tuple[SinkFeed, ...]) -> None:
        """Serve by *plan* from the next request on, and give the records to *log* and *feeds*."""
        self.log, self.feeds = log, feeds
        for site, observers in self._sites.items():
            site.use(plan, self._taker(observers))

    def drain(self, *, wanted: bool = True) -> None:
        """Have every connection end with its next answer."""
        self._is_draining = wanted
        for site in self._sites:
            site.is_draining = wanted

    def _taker(self, observers: tuple[Taker, ...]) -> Taker | None:
        takers = (*(feed.append for feed in self.feeds), *observers)
        return each(takers if self.log is None else (self.log.append, *takers))

    def __iter__(self) -> Iterator[PublicSite]:
        return iter(list(self._sites))

    def __repr__(self) -> str:
        return f"<Sites [{len(self._sites)}]>"
