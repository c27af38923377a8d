"""What is open to everybody.

In: rules about routes without a credential, and about endpoints of the gateway itself. Not in: how much may be asked
(``config.audit.entrance.bounds``).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.hosts import is_inside
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.model import Address
from vizgate.config.model.admin import SAFE_LENGTH
from vizgate.config.problems import Finding, Path
from vizgate.extension.values.fields import Secret

_WRITING = ("POST", "PUT", "PATCH", "DELETE")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # what is looked for, not what is listened on


def _open_writes(view: AuditView) -> Iterator[Finding]:
    for index, route in view.open_routes():
        asked = [name for name in route.services if view.config.services[name].builtin is None]
        methods = route.match.methods
        writing = _WRITING if methods is None else tuple(method for method in methods if method in _WRITING)
        if asked and writing:
            message = f"anybody may send {', '.join(writing)} to {' and '.join(asked)}. Write auth, or methods: [GET]"
            yield Finding(("routes", index), message)


def _without_limit(view: AuditView) -> Iterator[Finding]:
    for index, route in view.open_routes():
        asked = [name for name in route.services if view.config.services[name].max_in_flight is None]
        if view.is_exposed and asked and not route.limit:
            message = f"anybody may ask {' and '.join(asked)} as often as they like. Write limit, or max_in_flight"
            yield Finding(("routes", index), message)


def _echo(view: AuditView) -> Iterator[Finding]:
    for index, route in view.open_routes():
        for name in route.services:
            if view.is_exposed and view.config.services[name].builtin == "echo":
                message = f"{name} shows everybody what the gateway adds to a request. Remove the route, or write auth"
                yield Finding(("routes", index), message)


def _faults(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        if view.is_exposed and route.fault is not None and route.fault.header is None:
            message = "every client gets these faults. Write header and secret, or remove fault"
            yield Finding(("routes", index, "fault"), message)


def _public_metrics(view: AuditView) -> Iterator[Finding]:
    for index, endpoint in enumerate(view.config.server.public_endpoints):
        if view.is_exposed and endpoint == "metrics":
            message = "everybody may read names of routes and services, and the traffic. Ask server.admin for metrics"
            yield Finding(("server", "public_endpoints", index), message)


def _admin(view: AuditView) -> Iterator[Finding]:
    admin = view.config.server.admin
    if (
        isinstance(admin, Address)
        and not admin.is_loopback
        and (admin.host in _EVERYWHERE or not is_inside(admin.host))
    ):
        message = f"whoever reaches this machine may try to operate the gateway. Write 127.0.0.1:{admin.port}"
        yield Finding(("server", "admin"), message)


def _admin_inside(view: AuditView) -> Iterator[Finding]:
    admin = view.config.server.admin
    if isinstance(admin, Address) and not admin.is_loopback and admin.host not in _EVERYWHERE and is_inside(admin.host):
        message = "tokens go there in plain text, for everybody in this network to read. Keep it among yourselves"
        yield Finding(("server", "admin"), message)


def _short_tokens(view: AuditView) -> Iterator[Finding]:
    server = view.config.server
    tokens: list[tuple[Path, Secret | None]] = [(("admin_token",), server.admin_token)]
    tokens += [(("admin_tokens", index, "token"), entry.token) for index, entry in enumerate(server.admin_tokens)]
    for at, token in tokens:
        if token is not None and len(token.reveal()) < SAFE_LENGTH:
            message = f"a token of fewer than {SAFE_LENGTH} characters might be guessed. `vizgate keys new` makes one"
            yield Finding(("server", *at), message)


def _open_metrics(view: AuditView) -> Iterator[Finding]:
    server = view.config.server
    if server.admin_open_metrics and isinstance(server.admin, Address) and not server.admin.is_loopback:
        message = "whoever reaches the admin listener may read the metrics. Give Prometheus a token, and remove this"
        yield Finding(("server", "admin_open_metrics"), message)


RULES = (
    Rule(
        "write-without-auth",
        Severity.WARNING,
        "A route takes writing methods from anybody",
        "Whoever finds the route may change what stands behind it. Name an authenticator under `auth`, let in known"
        " addresses alone with `ip_filter`, or list the reading methods under `methods`.",
        _open_writes,
    ),
    Rule(
        "route-without-limit",
        Severity.WARNING,
        "A public route has no limit",
        "One client may take all that the service can do. Name a limit under `limit` (`defaults.limit` for all routes),"
        " or bound the service with `max_in_flight`.",
        _without_limit,
    ),
    Rule(
        "echo-exposed",
        Severity.WARNING,
        "`builtin: echo` is public",
        "It answers with the request as the service would see it, fields of the gateway and of proxies included. It is"
        " for quick starts and tests.",
        _echo,
    ),
    Rule(
        "fault-exposed",
        Severity.WARNING,
        "Faults are made for every client",
        "`fault` is for trying who copes. With `header` and `secret` only those who test get it.",
        _faults,
    ),
    Rule(
        "metrics-exposed",
        Severity.WARNING,
        "Metrics are served to the public",
        "They name routes, services and targets, and show how loaded and how broken these are. Have Prometheus ask the"
        " admin listener.",
        _public_metrics,
    ),
    Rule(
        "admin-exposed",
        Severity.WARNING,
        "The admin listener is open to the world",
        "A token guards it, and nothing else: it speaks no TLS, so the token can be read on the way, and whoever has it"
        " can take targets out of service. Keep it on a loopback address or a Unix socket. In a container the address"
        " of all is usual; let it pass when a network policy keeps others out.",
        _admin,
    ),
    Rule(
        "admin-exposed-inside",
        Severity.NOTE,
        "The admin listener is open to a network of one's own",
        "It speaks no TLS, so its tokens can be read by whoever is in that network.",
        _admin_inside,
    ),
    Rule(
        "admin-metrics-open",
        Severity.NOTE,
        "Metrics of the admin listener need no token",
        "They name routes, services and targets, and show how loaded and how broken these are.",
        _open_metrics,
    ),
    Rule(
        "admin-token-short",
        Severity.WARNING,
        "A token of the admin listener is short",
        "It might be guessed, so the right one has to wait with those who guess: whoever shares an address with"
        " operators can lock them out.",
        _short_tokens,
    ),
)
