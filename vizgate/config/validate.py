"""Checks across parts: what one part says about another.

In: dangling references, duplicate names, rewrites that cannot work, routes that cannot be told apart. Not in: what one
part can be asked alone (``model``) and places in a text (``load``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vizgate.config.across.affinity import cookie_findings
from vizgate.config.across.auth import AuthParts, auth_findings
from vizgate.config.across.caches import cache_findings
from vizgate.config.across.failures import fallback_findings, priority_findings
from vizgate.config.across.fields import field_findings
from vizgate.config.across.limits import LimitParts, limit_findings
from vizgate.config.across.traffic import traffic_findings
from vizgate.config.model import CheckConfig, GatewayConfig, RouteConfig
from vizgate.config.model.gateway import with_names
from vizgate.config.problems import ConfigError, Finding, Path, Place, Problem, format_path, shown, unknown_name
from vizgate.router import Rule, find_conflicts
from vizgate.versions.config import VersionConfig
from vizgate.versions.paths import can_be

if TYPE_CHECKING:
    from vizgate.extension.contract import Component

#: Gives the class of a kind (``middleware``, ``authenticator``) behind a name. Raises: VizgateError: there is none; the
#: message is for people.
Resolve = Callable[[str, str], "type[Component]"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is checked, by index; of a part that is faulty alone, only what can be told of it in spite of that.

    ``routes`` and ``tests``: the faultless ones. ``names``, ``services``: of every route that has them.
    ``known_services``: every name under ``services``. ``all_routes``: whether each route is faultless or has a name.
    ``auth``, ``limits``: what is asked of authenticators and of limits. ``cookies``: of services with affinity.
    ``versions``: empty as long as a part is faulty. ``has_overload``: whether anything is turned away by priority, true
    as long as nobody knows. ``checked_services``: those that have ``validate``; empty as long as a part is faulty.
    """

    routes: Mapping[int, RouteConfig]
    tests: Mapping[int, CheckConfig]
    names: Mapping[int, str]
    services: Mapping[int, str]
    known_services: Sequence[str]
    all_routes: bool = True
    auth: AuthParts = field(default_factory=AuthParts)
    limits: LimitParts = field(default_factory=LimitParts)
    cookies: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, VersionConfig] = field(default_factory=dict)
    has_overload: bool = True
    checked_services: frozenset[str] = frozenset()


def parts_of(config: GatewayConfig) -> Parts:
    """All parts of *config*."""
    return Parts(
        routes=dict(enumerate(config.routes)),
        tests=dict(enumerate(config.tests)),
        names={index: route.name for index, route in enumerate(config.routes)},
        services={index: route.service for index, route in enumerate(config.routes) if route.service is not None},
        known_services=tuple(config.services),
        auth=AuthParts(
            names=tuple(config.auth),
            # What a route has from the defaults is told there.
            asked={i: route.auth for i, route in enumerate(config.routes) if route.auth != config.defaults.auth},
            authenticators=config.auth,
            defaults=config.defaults.auth,
            identity=config.identity_headers,
            request_id=config.observe.request_id.header,
            is_whole=True,
        ),
        limits=LimitParts(
            names=tuple(config.limits),
            asked={i: route.limit for i, route in enumerate(config.routes) if route.limit != config.defaults.limit},
            defaults=config.defaults.limit,
        ),
        cookies={
            name: service.affinity.cookie for name, service in config.services.items() if service.affinity is not None
        },
        versions=config.versions,
        has_overload=config.server.overload is not None,
        checked_services=frozenset(name for name, service in config.services.items() if service.validation is not None),
    )


def check(config: GatewayConfig, name: str = "<config>") -> None:
    """Check a configuration that was made in Python; one that was loaded has passed this already.

    Raises: ConfigError: parts of it contradict each other.
    """
    found = list(findings(parts_of(config)))
    if found:
        raise ConfigError([Problem(Place(name), item.path, item.message.replace("{other}", "")) for item in found])


def findings(parts: Parts) -> Iterator[Finding]:
    """Everything that is wrong between the parts."""
    yield from _services(parts)
    yield from fallback_findings(parts.routes, parts.known_services)
    yield from traffic_findings(parts.routes, parts.known_services, parts.checked_services)
    yield from priority_findings(parts.routes, has_overload=parts.has_overload)
    yield from _names(parts.names)
    yield from auth_findings(parts.auth, parts.routes)
    yield from limit_findings(parts.limits)
    yield from cookie_findings(parts.cookies)
    yield from field_findings(parts.routes)
    yield from cache_findings(parts.routes)
    for index, route in parts.routes.items():
        yield from _rewrites(("routes", index), route)
    yield from _conflicts(parts.routes)
    yield from _tests(parts)
    yield from _versions(parts)


def _services(parts: Parts) -> Iterator[Finding]:
    known = set(parts.known_services)
    for index, service in parts.services.items():
        if service not in known:
            yield Finding(("routes", index, "service"), unknown_name("service", service, parts.known_services))


def _names(names: Mapping[int, str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, name in names.items():
        if first.setdefault(name, index) != index:
            other: Path = ("routes", first[name], "name")
            message = (
                f"{shown(name)} is the name of {format_path(other[:2])}, too{{other}}. Give each route its own name"
            )
            yield Finding(("routes", index, "name"), message, other)


def _rewrites(at: Path, route: RouteConfig) -> Iterator[Finding]:
    """A rewrite or a redirect must suit every path that the route matches."""
    if route.rewrite is not None:
        key = "path" if route.rewrite.path is not None else "strip_prefix"
        yield from _unsuited((*at, "rewrite", key), route.rewrite.check_route, route.match.path)
    if route.redirect is not None:
        yield from _unsuited((*at, "redirect", "to"), route.redirect.check_route, route.match.path)


def _unsuited(path: Path, check_route: Callable[[str], None], route_path: str) -> Iterator[Finding]:
    try:
        check_route(route_path)
    except ValueError as exc:
        yield Finding(path, str(exc))


def _tests(parts: Parts) -> Iterator[Finding]:
    unnamed = tuple(route for index, route in parts.routes.items() if index not in parts.names)
    routes = [*parts.names.values(), *(route.name for route in with_names(unnamed))]
    for index, test in parts.tests.items():
        at: Path = ("tests", index, "expect")
        route, service = test.expect.route, test.expect.service
        # With a faulty route left out, its default name cannot be told from one that does not exist.
        if parts.all_routes and route is not None and route not in routes:
            yield Finding((*at, "route"), unknown_name("route", route, routes))
        if service is not None and service not in parts.known_services:
            yield Finding((*at, "service"), unknown_name("service", service, parts.known_services))


def _versions(parts: Parts) -> Iterator[Finding]:
    """A version that no request can ask for would not be told of when its end comes."""
    paths = [route.match.path for route in parts.routes.values()]
    for name in parts.versions:
        if not any(can_be(path, name) for path in paths):
            message = "no route is for this version. Write {version} in a path, as in /api/v{version}/*, or remove it"
            yield Finding(("versions", name), message)


def _conflicts(routes: Mapping[int, RouteConfig]) -> Iterator[Finding]:
    # By index, because names may be missing or double here, and a place is looked up by index anyway.
    rules = [Rule(str(index), route.match, None) for index, route in routes.items()]
    for conflict in find_conflicts(rules):
        other: Path = ("routes", int(conflict.first), "match")
        reason = str(conflict).partition(": ")[2]
        message = f"cannot be told apart from {format_path(other[:2])}{{other}}: {reason}"
        yield Finding(("routes", int(conflict.second), "match"), message, other)
