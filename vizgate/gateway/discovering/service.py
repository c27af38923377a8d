"""A service whose targets change while it serves.

In: ``DiscoveredService``: rebuilds it, alone, and swaps it. Not in: where targets come from
(``discovery.feed``), making a service (``gateway.services``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace

from vizgate.config.model import ServiceConfig
from vizgate.discovery.feed import Feed
from vizgate.extension.contract import Component
from vizgate.extension.kinds.discovery import DiscoveredTarget
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.discovering.targets import leaving, with_targets
from vizgate.gateway.plan import ServicePlan
from vizgate.gateway.services import ServiceBuilder
from vizgate.gateway.state import GatewayState
from vizgate.gateway.stepping import done, slowly
from vizgate.health.prober import Prober
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.units import counted

_log = logging.getLogger("vizgate.discovery")

# Of a burst of changes so much of the loop's time may be taken: the pause after a rebuild is so many times as long.
_PAUSE = 20
# More targets than these are made piece by piece.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Making:
    """How services of one plan are made. ``builder``: one for a draft. ``plans``: those of the plan, by name, which are
    exchanged here and nowhere else.
    """

    state: GatewayState
    builder: Callable[[StateDraft], ServiceBuilder]
    plans: dict[str, ServicePlan]


@dataclass(frozen=True, slots=True)
class _Made:
    """The service with ``targets``. ``rules``: balancing rules of one's own, which must be started before it serves.
    ``adoptions``: of the state, when it was made: after another, what it was made of may be gone, such as pools.
    """

    targets: tuple[DiscoveredTarget, ...]
    draft: StateDraft
    handler: Handler
    plan: ServicePlan
    background: tuple[Background, ...]
    rules: tuple[Component, ...]
    adoptions: int


class DiscoveredService:
    """The service *name* with what *feed* knows. It is a handler, the one indirection that such a service costs, and
    looks after itself in the background.

    What is known of targets that stay is kept, their connections included; requests in flight finish on what they began
    with; nothing else of the plan is touched.

    Args: draft: of the plan that it is a part of; it is made with the targets that are known already.
    """

    def __init__(self, name: str, config: ServiceConfig, feed: Feed, making: Making, draft: StateDraft) -> None:
        self._name = name
        self._config = config
        self._feed = feed
        self._making = making
        self._clock = making.state.clock
        self._told = ""
        self._is_serving = False
        self._pause: asyncio.TimerHandle | None = None
        self._starting: asyncio.Future[None] | None = None
        self._ending: set[asyncio.Future[None]] = set()
        # Their last probes are still under way.
        self._probers: list[Prober] = []
        # Another source than before takes its place: until it has answered, what the old one said keeps its state.
        self._present = done(self._steps(draft, draft.state.feeds.get(name, feed).targets))
        self._making.plans[name] = self._present.plan
        self._handler = self._present.handler

    def __call__(self, request: Request) -> Awaitable[Response]:
        """The answer of one of the present targets."""
        return self._handler(request)

    async def start_rules(self) -> None:
        """Start its balancing rule, if that is a stranger's. Raises: whatever that does."""
        for rule in self._present.rules:
            await rule.start()

    async def stop_rules(self) -> None:
        """Stop that rule."""
        for rule in self._present.rules:
            await rule.stop()

    # It meets ``Background``.

    def begin(self) -> None:
        """Follow the source from now on."""
        self._is_serving = True
        self._feed.listener = self._changed
        for part in self._present.background:
            part.begin()
        self._apply()

    async def stop(self) -> None:
        """Follow it no more."""
        self._is_serving = False
        # Another plan's service may listen by now.
        if self._feed.listener == self._changed:
            self._feed.listener = None
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._starting is not None:
            await self._starting
        for part in (*self._present.background, *self._probers):
            await part.stop()
        self._probers.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

    # changes

    @property
    def _is_present(self) -> bool:
        """Whether the plan that serves is the one it is a part of: after a reload it has not been stopped yet."""
        is_followed = self._feed.listener == self._changed
        return self._is_serving and is_followed and self._making.state.feeds.get(self._name) is self._feed

    def _changed(self) -> None:
        if self._pause is None and self._starting is None:
            self._apply()

    def _after_pause(self) -> None:
        self._pause = None
        self._changed()

    def _apply(self) -> None:
        """Make it anew if its targets are other ones by now."""
        found, present = self._feed.targets, self._present.targets
        if found is present or found == present or not self._is_present:
            return
        if len(found) > _MANY:
            self._starting = asyncio.ensure_future(self._start(self._made_slowly(found)))
            return
        began_s = self._clock.monotonic()
        try:
            made = self._made(found)
        except Exception as exc:  # noqa: BLE001  # whatever it is, what serves must go on serving
            self._tell_failure(exc)
            return
        if made.rules:
            self._starting = asyncio.ensure_future(self._start(_at_once(made)))
            return
        self._swap(made)
        self._rest(self._clock.monotonic() - began_s)

    def _rest(self, spent_s: float) -> None:
        """Take no further change for a while, and then all of them, after one that took *spent_s*."""
        if spent_s:
            self._pause = asyncio.get_running_loop().call_later(_PAUSE * spent_s, self._after_pause)

    async def _start(self, making: Awaitable[tuple[_Made, float]]) -> None:
        """Swap once it is made, and its balancing rule has started."""
        rules: tuple[Component, ...] = ()
        try:
            made, spent_s = await making
            rules = made.rules
            for rule in rules:
                await rule.start()
        except Exception as exc:  # noqa: BLE001  # as in ``_apply``
            self._tell_failure(exc)
            self._end(rules)
        else:
            if self._is_present and made.adoptions == self._making.state.adoptions:
                self._swap(made)
                self._rest(spent_s)
            else:
                self._end(rules)
        finally:
            self._starting = None
        if not self._told:
            self._changed()

    async def _made_slowly(self, found: tuple[DiscoveredTarget, ...]) -> tuple[_Made, float]:
        """It with these targets, made piece by piece, and how long that took."""
        state = self._making.state
        made, spent_s = await slowly(self._steps(StateDraft(state, {self._name}), found), self._clock)
        if made.adoptions != state.adoptions:
            made = self._made(found)
        return made, spent_s

    def _made(self, found: tuple[DiscoveredTarget, ...]) -> _Made:
        return done(self._steps(StateDraft(self._making.state, {self._name}), found))

    def _steps(self, draft: StateDraft, found: tuple[DiscoveredTarget, ...]) -> Generator[None, None, _Made]:
        adoptions = draft.state.adoptions
        draft.feed(self._name, self._feed)
        builder = self._making.builder(draft)
        config = yield from with_targets(self._config, found)
        handler = yield from builder.build_steps(self._name, config, leaving(found))
        plan = replace(builder.plans[self._name], feed=self._feed)
        return _Made(found, draft, handler, plan, builder.background, tuple(builder.components), adoptions)

    def _swap(self, made: _Made) -> None:
        old, self._present = self._present, made
        self._told = ""
        made.draft.adopt()
        self._handler = made.handler
        self._making.plans[self._name] = made.plan
        self._hand_over(old.background, made.background)
        for part in made.background:
            part.begin()
        old.plan.targets.release()
        self._end((*(part for part in old.background if part not in self._probers), *old.rules))
        self._forget(old.plan)

    def _hand_over(self, old: Sequence[Background], new: Sequence[Background]) -> None:
        """Have probes go on as they were."""
        self._probers = [prober for prober in self._probers if prober.running]
        for before, after in zip(old, new, strict=False):
            if isinstance(before, Prober) and isinstance(after, Prober):
                after.go_on_from(before)
                self._probers.append(before)

    def _forget(self, old: ServicePlan) -> None:
        """Counters of targets that are gone: addresses that come and go must not add up."""
        before = {target.state.address for target in old.targets.targets}
        now = {target.state.address for target in self._present.plan.targets.targets}
        if before - now:
            self._making.state.metrics.forget({}, {(self._name, address) for address in before - now})
        source = self._feed.source.label
        targets, new, gone = counted(len(now), "target"), len(now - before), len(before - now)
        _log.info("service %s: %s by %s: %d new, %d gone", self._name, targets, source, new, gone)

    def _end(self, parts: Sequence[Background | Component]) -> None:
        for part in parts:
            ending = asyncio.ensure_future(part.stop())
            self._ending.add(ending)
            ending.add_done_callback(self._ended)

    def _ended(self, ending: asyncio.Future[None]) -> None:
        self._ending.discard(ending)
        if not ending.cancelled() and ending.exception() is not None:
            _log.error("service %s: what looked after it failed to stop", self._name, exc_info=ending.exception())

    def _tell_failure(self, exc: Exception) -> None:
        """A file of `tls` that is away, say. The next answer, a new one or not, is the next try."""
        error = f"the service cannot be made of it: {type(exc).__name__}: {exc}"
        self._feed.record.error = error
        if error != self._told:
            self._told = error
            _log.error("service %s: %s; the old targets serve on", self._name, error, exc_info=exc)

    def __repr__(self) -> str:
        return f"<DiscoveredService {self._name} [{len(self._present.targets)} targets] {self._feed!r}>"


async def _at_once(made: _Made) -> tuple[_Made, float]:
    return made, 0.0
