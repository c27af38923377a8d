"""Discovered services of a plan that is being compiled.

In: ``DiscoveringParts``. Not in: how they live (``gateway.discovering.service``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.config.model import ServiceConfig
from vizgate.discovery.config import DiscoverySetting, PluginDiscoveryConfig
from vizgate.discovery.feed import Feed
from vizgate.discovery.feeds import Feeds
from vizgate.extension.contract import Component, Context
from vizgate.extension.making import is_foreign, make
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.discovering.service import DiscoveredService, Making
from vizgate.gateway.discovering.targets import STAND_IN, with_targets
from vizgate.gateway.isolation.guards.discovery import GuardedDiscovery
from vizgate.gateway.stepping import done
from vizgate.pipeline.handler import Handler


class OwnRules(Component):
    """Balancing rules of one's own, of *services* that are made anew with each change."""

    def __init__(self, services: Sequence[DiscoveredService]) -> None:
        super().__init__(None)
        self._services = tuple(services)
        self._started: list[DiscoveredService] = []

    async def start(self) -> None:
        """Start the first of each service."""
        for service in self._services:
            self._started.append(service)
            await service.start_rules()

    async def stop(self) -> None:
        """Stop the last of each service."""
        started, self._started = self._started, []
        for service in started:
            await service.stop_rules()


class DiscoveringParts:
    """Makes services with ``discovery``, and gathers what of them is started and what runs in the background.

    Args: registry: where sources are found.
    """

    def __init__(self, draft: StateDraft, registry: Registry, making: Making) -> None:
        self._draft = draft
        self._registry = registry
        self._making = making
        self._feeds: list[Feed] = []
        self._services: list[DiscoveredService] = []
        # In a rehearsal, where nothing changes.
        self._rules: list[Component] = []

    @property
    def components(self) -> tuple[Component, ...]:
        """What is started before the plan serves."""
        return (Feeds(self._feeds), OwnRules(self._services)) if self._feeds else tuple(self._rules)

    @property
    def background(self) -> tuple[Background, ...]:
        """What begins when it serves."""
        return tuple(self._services)

    def build(self, name: str, service: ServiceConfig, setting: DiscoverySetting) -> Handler:
        """What forwards requests to the targets that *setting* leads to.

        Raises: PluginError: its source cannot be found. VizgateError: the source cannot be made. As
        ``ServiceBuilder.build``.
        """
        feed = self._feed(name, setting)
        if not self._draft.state.reaches_network:
            # A rehearsal asks nobody: there is one target that nobody can reach.
            builder = self._making.builder(self._draft)
            handler = builder.build(name, done(with_targets(service, STAND_IN)))
            self._making.plans[name] = builder.plans[name]
            self._rules += builder.components
            return handler
        made = DiscoveredService(name, service, feed, self._making, self._draft)
        self._feeds.append(feed)
        self._services.append(made)
        return made

    def _feed(self, name: str, setting: DiscoverySetting) -> Feed:
        """The source of *setting*; the one that runs already where it is the same."""
        state = self._draft.state
        held = state.feeds.get(name)
        if held is not None and held.is_by(setting):
            return held
        context = Context(
            clock=state.clock,
            random=state.random,
            name=name,
            calls=state.calls,
            store=self._draft.store,
            metrics=state.metrics,
            sleep=state.sleep,
            kept=self._draft.kept,
            worker=state.worker,
        )
        kind = self._registry.resolve_discovery(setting.kind)
        settings = setting.read(kind.Config) if isinstance(setting, PluginDiscoveryConfig) else setting
        source = make(kind, settings, context)
        if is_foreign(kind):
            source = GuardedDiscovery(source, state.faults.of(source))
        return Feed(name, setting, source, context)
