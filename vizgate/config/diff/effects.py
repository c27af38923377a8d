"""What it means to a running gateway, to its clients and to its state, when a configuration takes another's place.

In: ``effects``. Not in: the differences themselves (``config.diff.changes``), requests (``config.diff.moves``) and what
a reload refuses to change (``gateway.reload.refusal``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from vizgate.config.diff.identity import named
from vizgate.config.model import GatewayConfig, RouteConfig, ServiceConfig
from vizgate.config.problems import Path
from vizgate.limiter.config import LimitConfig


class Matter(Enum):
    """What an effect is about, the gravest first."""

    ACCESS = "access"
    LISTENER = "listener"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a reload brings about at *path*, in words."""

    matter: Matter
    path: Path
    message: str


def effects(old: GatewayConfig, new: GatewayConfig) -> tuple[Effect, ...]:
    """Everything that a reload from *old* to *new* brings about beside what it is for, the gravest first."""
    found = [effect for rule in _RULES for effect in rule(old, new)]
    order = list(Matter)
    return tuple(sorted(found, key=lambda effect: order.index(effect.matter)))


def _opened_routes(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    """Routes that ask for less than before."""
    before = {route.name: route for route in old.routes}
    for route in new.routes:
        was = before.get(route.name)
        if was is None:
            continue
        if was.auth and not route.auth:
            yield Effect(Matter.ACCESS, ("routes", route.name), "is public from then on")
        elif not was.auth and route.auth:
            yield Effect(Matter.ACCESS, ("routes", route.name), "asks for a credential from then on")
        if was.limit and not route.limit:
            yield Effect(Matter.ACCESS, ("routes", route.name), "has no limit any more")


def _listeners(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    before, after = named(old.server.listen) or {}, named(new.server.listen) or {}
    path: Path = ("server", "listen")
    for address, listener in before.items():
        if address not in after:
            yield Effect(Matter.LISTENER, path, f"{address} closes; connections there end after their requests")
        elif listener != after[address]:
            yield Effect(Matter.LISTENER, path, f"{address} takes new connections in another way")
    for address in after:
        if address not in before:
            yield Effect(Matter.LISTENER, path, f"{address} opens")
    if old.server.admin != new.server.admin:
        was, now = old.server.admin or "off", new.server.admin or "off"
        yield Effect(Matter.LISTENER, ("server", "admin"), f"moves from {was} to {now}")


def _services(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    """State is kept by service and target; a service that is called otherwise is another one."""
    gone = {name: service for name, service in old.services.items() if name not in new.services}
    come = {name: service for name, service in new.services.items() if name not in old.services}
    for name, heir in _renamed(gone, come).items():
        message = f"is called {heir} from then on, and begins anew: breakers, ejections and averages are forgotten"
        yield Effect(Matter.STATE, ("services", name), message)
    for name, service in old.services.items():
        if name in new.services:
            yield from _targets(name, service, new.services[name])


def _targets(name: str, old: ServiceConfig, new: ServiceConfig) -> Iterator[Effect]:
    before, after = named(old.targets) or {}, named(new.targets) or {}
    path: Path = ("services", name)
    gone, come = [url for url in before if url not in after], [url for url in after if url not in before]
    if old.discovery is not None or new.discovery is not None:
        gone, come = [], []  # a source may tell of them, too
    if gone:
        yield Effect(Matter.STATE, path, f"what is known about {', '.join(gone)} is forgotten")
    if come and before:
        yield Effect(Matter.STATE, path, f"nothing is known yet about {', '.join(come)}")
    was, now = old.affinity, new.affinity
    if was is not None and (now is None or (was.cookie, was.secret) != (now.cookie, now.secret)):
        yield Effect(Matter.STATE, (*path, "affinity"), "clients lose the target that they stay with")


def _counters(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    """Counters are kept by limit, tier and way of counting."""
    if old.store != new.store:
        message = "counters, quotas and revoked tokens of the old store are left behind"
        yield Effect(Matter.STATE, ("store",), message)
        return
    gone = {name: limit for name, limit in old.limits.items() if name not in new.limits}
    come = {name: limit for name, limit in new.limits.items() if name not in old.limits}
    for name, heir in _renamed(gone, come).items():
        yield Effect(Matter.STATE, ("limits", name), f"is called {heir} from then on, and counts from nothing")
    for name, limit in old.limits.items():
        anew = _lines_anew(limit, new.limits[name]) if name in new.limits else []
        for tier in anew:
            what = f"tier {tier} counts" if tier else "counts"
            yield Effect(Matter.STATE, ("limits", name), f"{what} from nothing")


def _lines_anew(old: LimitConfig, new: LimitConfig) -> list[str]:
    before, after = old.lines(), new.lines()
    return [
        tier
        for tier in before
        if tier in after
        and (before[tier].key, old.rule(before[tier]).meaning) != (after[tier].key, new.rule(after[tier]).meaning)
    ]


def _histograms(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    if old.observe.metrics.buckets != new.observe.metrics.buckets:
        yield Effect(Matter.STATE, ("observe", "metrics", "buckets"), "durations are counted from nothing")


def _route_names(old: GatewayConfig, new: GatewayConfig) -> Iterator[Effect]:
    for name, heir in renamed_routes(old, new).items():
        yield Effect(Matter.STATE, ("routes", name), f"is called {heir} from then on, in logs and metrics, too")


def renamed_routes(old: GatewayConfig, new: GatewayConfig) -> dict[str, str]:
    """Routes that have got another name, for they are for the same requests: new names by old ones."""
    before, after = {route.name for route in old.routes}, {route.name for route in new.routes}
    gone = {route.name: route for route in old.routes if route.name not in after}
    come = {route.name: route for route in new.routes if route.name not in before}
    return _renamed(gone, come, _match_of)


def _match_of(route: RouteConfig) -> str:
    return repr(route.match)


def _renamed(gone: Mapping[str, Any], come: Mapping[str, Any], key_of: Callable[[Any], Any] = repr) -> dict[str, str]:
    """Who of *gone* is there under another name in *come*: new names by old ones."""
    heirs: dict[Any, str] = {}
    for name, value in come.items():
        heirs.setdefault(key_of(value), name)
    found = {name: heirs.pop(key_of(value), "") for name, value in gone.items()}
    return {name: heir for name, heir in found.items() if heir}


_Rule = Callable[[GatewayConfig, GatewayConfig], Iterator[Effect]]
_RULES: tuple[_Rule, ...] = (_opened_routes, _listeners, _services, _counters, _route_names, _histograms)
