"""A service whose targets change while it serves.

In: ``DiscoveredService``: rebuilds it, alone, and swaps it. Not in: where targets come from
(``discovery.feed``), making a service (``gateway.services``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from vizgate.config.model import ServiceConfig
from vizgate.discovery.feed import Feed
from vizgate.extension.discovery import DiscoveredTarget
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.discovering.targets import leaving, with_targets
from vizgate.gateway.plan import ServicePlan
from vizgate.gateway.services import ServiceBuilder
from vizgate.gateway.state import GatewayState
from vizgate.health.prober import Prober
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_log = logging.getLogger("vizgate.discovery")

# Of a burst of changes so much of the loop's time may be taken: the pause after a rebuild is so many times as long.
_PAUSE = 20


@dataclass(frozen=True, slots=True)
class Making:
    """How services of one plan are made. ``builder``: one for a draft. ``plans``: those of the plan, by name, which are
    exchanged here and nowhere else.
    """

    state: GatewayState
    builder: Callable[[StateDraft], ServiceBuilder]
    plans: dict[str, ServicePlan]


class DiscoveredService:
    """The service *name* with what *feed* knows. It is a handler, the one indirection that such a service costs, and
    looks after itself in the background.

    What is known of targets that stay is kept, their connections included; requests in flight finish on what they began
    with; nothing else of the plan is touched.
    """

    def __init__(self, name: str, config: ServiceConfig, feed: Feed, making: Making) -> None:
        self._name = name
        self._config = config
        self._feed = feed
        self._making = making
        self._handler: Handler = _nobody
        self._parts: tuple[Background, ...] = ()
        #: What it is made of now.
        self._applied: tuple[DiscoveredTarget, ...] | None = None
        self._told = ""
        self._pause: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Future[None]] = set()

    def __call__(self, request: Request) -> Awaitable[Response]:
        """The answer of one of the present targets."""
        return self._handler(request)

    def compile(self, draft: StateDraft) -> None:
        """Make it as a part of the plan behind *draft*, with the targets that are known already."""
        known = draft.state.feeds.get(self._name, self._feed)
        draft.feed(self._name, self._feed)
        self._make(draft, known.targets)

    # It meets ``Background``.

    def begin(self) -> None:
        """Follow the source from now on."""
        self._feed.listener = self._changed
        for part in self._parts:
            part.begin()
        self._apply()

    async def stop(self) -> None:
        """Follow it no more."""
        # Another plan's service may listen by now.
        if self._feed.listener == self._changed:
            self._feed.listener = None
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for part in self._parts:
            await part.stop()
        await asyncio.gather(*self._ending)

    # changes

    def _changed(self) -> None:
        if self._pause is None:
            self._apply()

    def _after_pause(self) -> None:
        self._pause = None
        self._apply()

    def _apply(self) -> None:
        """Make it anew if its targets are other ones by now."""
        found = self._feed.targets
        if found is self._applied or found == self._applied:
            return
        clock = self._making.state.clock
        began_s = clock.monotonic()
        try:
            self._swap(found)
        except Exception as exc:  # noqa: BLE001  # whatever it is, what serves must go on serving
            # A file of `tls` that is away, say. The next answer, a new one or not, is the next try.
            self._tell_failure(f"the service cannot be made of it: {type(exc).__name__}: {exc}")
        else:
            self._told = ""
        pause_s = _PAUSE * (clock.monotonic() - began_s)
        if pause_s:
            self._pause = asyncio.get_running_loop().call_later(pause_s, self._after_pause)

    def _swap(self, found: tuple[DiscoveredTarget, ...]) -> None:
        draft = StateDraft(self._making.state, {self._name})
        draft.feed(self._name, self._feed)
        old_parts, old_plan, before = self._parts, self._making.plans[self._name], self._applied or ()
        self._make(draft, found)
        draft.adopt()
        for old, new in zip(old_parts, self._parts, strict=False):
            if isinstance(old, Prober) and isinstance(new, Prober):
                new.go_on_from(old)
        for part in self._parts:
            part.begin()
        old_plan.targets.release()
        self._end(old_parts)
        self._forget(old_plan)
        came, gone = len(set(found) - set(before)), len(set(before) - set(found))
        _log.info(
            "service %s: %d targets from %s, %d new, %d gone or changed",
            self._name,
            len(found),
            self._feed.source.label,
            came,
            gone,
        )

    def _tell_failure(self, error: str) -> None:
        self._feed.record.error = error
        if error != self._told:
            self._told = error
            _log.error("service %s: %s; the old targets serve on", self._name, error, exc_info=True)

    def _make(self, draft: StateDraft, found: tuple[DiscoveredTarget, ...]) -> None:
        builder = self._making.builder(draft)
        self._handler = builder.build(self._name, with_targets(self._config, found), leaving(found))
        self._making.plans[self._name] = replace(builder.plans[self._name], feed=self._feed)
        self._parts = builder.background
        self._applied = found

    def _forget(self, old: ServicePlan) -> None:
        """Counters of targets that are gone: addresses that come and go must not add up."""
        present = {target.state.address for target in self._making.plans[self._name].targets.targets}
        gone = {target.state.address for target in old.targets.targets} - present
        if gone:
            self._making.state.metrics.forget({}, {(self._name, address) for address in gone})

    def _end(self, parts: tuple[Background, ...]) -> None:
        for part in parts:
            ending = asyncio.ensure_future(part.stop())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def __repr__(self) -> str:
        return f"<DiscoveredService {self._name} [{len(self._applied or ())} targets] {self._feed!r}>"


def _nobody(request: Request) -> Awaitable[Response]:
    raise AssertionError(f"no service for {request.path}: compile() comes first")
