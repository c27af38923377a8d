"""What one client may cost.

In: rules about limits that are off, or that clients can get round. Not in: routes without any limit
(``config.audit.entrance.open_routes``).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.hosts import is_everything
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.limiter.config import LimitConfig
from vizgate.units import MIB

_CLIENT_SAYS = ("header:", "cookie:")


def _bodies(view: AuditView) -> Iterator[Finding]:
    if view.config.server.limits.body == 0:
        message = "a body of any length is taken. Write a size, and body_limit: 0 on the routes that need it"
        yield Finding(("server", "limits", "body"), message)
    for index, route in view.open_routes():
        if route.body_limit == 0:
            message = "anybody may send a body of any length. Write a size, or auth"
            yield Finding(("routes", index, "body_limit"), message)


def _slow_uploads(view: AuditView) -> Iterator[Finding]:
    if view.config.server.limits.body_rate == 0:
        message = "an upload may take for ever, byte by byte. Write the rate of the slowest client, such as 1KiB"
        yield Finding(("server", "limits", "body_rate"), message)


def _large_heads(view: AuditView) -> Iterator[Finding]:
    if view.config.server.limits.head > MIB:
        message = "every connection may fill this much memory before anything is known of it. Write 64KiB"
        yield Finding(("server", "limits", "head"), message)


def _by_what_clients_say(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        said = [_said_by_clients(view.config.limits[name]) for name in route.limit]
        if said and all(said):
            message = (
                f"a client that sends another {said[0]} has a new budget. Count by ip or user, or add a limit that does"
            )
            yield Finding(("routes", index, "limit"), message)


def _said_by_clients(limit: LimitConfig) -> str:
    """The part of a key of *limit* that a client chooses, "" for none. Beside the address it is no better."""
    keys = [key for line in limit.lines().values() for key in line.key if key.startswith(_CLIENT_SAYS)]
    return keys[0] if keys else ""


def _filters(view: AuditView) -> Iterator[Finding]:
    for path, _, entry in view.entries("ip_filter"):
        allow = entry.settings.get("allow")
        for index, network in enumerate(allow if isinstance(allow, list) else ()):
            if is_everything(network) and not entry.settings.get("deny"):
                message = f"{network} lets everybody in. Write the networks that are meant, or remove the filter"
                yield Finding((*path, "allow", index), message)


RULES = (
    Rule(
        "body-unlimited",
        Severity.WARNING,
        "Request bodies of any length are taken",
        "Bodies are streamed and do not fill the gateway's memory, but the service's disk or memory they may. Give a"
        " size for all under `server.limits.body`, and `body_limit` on the routes that need another.",
        _bodies,
    ),
    Rule(
        "upload-rate-unlimited",
        Severity.WARNING,
        "Uploads may be as slow as they like",
        "Many connections that drip a body hold as many places of a service (slow POST). `server.limits.body_rate` ends"
        " them.",
        _slow_uploads,
    ),
    Rule(
        "head-limit-high",
        Severity.WARNING,
        "Request heads of more than 1 MiB are taken",
        "They are kept in memory as a whole, for each connection, before anybody has shown a credential.",
        _large_heads,
    ),
    Rule(
        "limit-by-client-text",
        Severity.WARNING,
        "A route's only limits count by what clients say",
        "A field or a cookie is the client's to choose, and a new value is a new budget, also beside `ip` in one key."
        " Count by `ip`, `user` or `api_key`, or give the route a second limit that does.",
        _by_what_clients_say,
    ),
    Rule(
        "filter-without-effect",
        Severity.WARNING,
        "An `ip_filter` lets everybody in",
        "A network of all addresses under `allow` makes it look as if the route were closed.",
        _filters,
    ),
)
