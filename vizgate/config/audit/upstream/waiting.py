"""How long services are waited for, and how often they are asked again.

In: rules about timeouts and retries that are off, or that get in each other's way. Not in: what is refused outright
(``config.model.service``).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.model import RouteConfig, ServiceConfig
from vizgate.config.problems import Finding

_UNSAFE = ("POST", "PATCH")


def _calls(view: AuditView) -> Iterator[tuple[int, RouteConfig, str, ServiceConfig]]:
    """Every route with every service of it that is asked."""
    for index, route in enumerate(view.config.routes):
        for name in route.services:
            if view.config.services[name].builtin is None:
                yield index, route, name, view.config.services[name]


def _for_ever(view: AuditView) -> Iterator[Finding]:
    told = set[str]()
    for _, route, name, service in _calls(view):
        waits = service.timeouts
        if not waits.response and not waits.total and not route.timeout and name not in told:
            told.add(name)
            message = (
                "a target that never answers keeps its clients for ever. Write a time, or total, or the routes' timeout"
            )
            yield Finding(("services", name, "timeouts", "response"), message)


def _silence(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        if service.builtin is None and not service.timeouts.idle and not service.timeouts.total:
            message = "a stream or tunnel in which nobody says anything stays for ever. Write a time, such as 1h"
            yield Finding(("services", name, "timeouts", "idle"), message)


def _writes_again(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        again = [] if service.retry is None else [method for method in _UNSAFE if method in service.retry.methods]
        if again:
            message = f"one {again[0]} of a client may be done twice. Remove it, unless the service knows it by a key"
            yield Finding(("services", name, "retry", "methods"), message)


def _without_budget(view: AuditView) -> Iterator[Finding]:
    for name, service in view.config.services.items():
        if service.retry is not None and service.retry.attempts > 1 and service.retry.budget.share >= 1:
            message = f"a service that fails is asked {service.retry.attempts} times as often. Write 20%"
            yield Finding(("services", name, "retry", "budget"), message)


def _no_time_left(view: AuditView) -> Iterator[Finding]:
    for index, route, name, service in _calls(view):
        retry, bound = service.retry, _bound_s(route, service)
        if retry is None or retry.attempts < 2 or "timeout" not in retry.on or not bound:
            continue
        attempt = retry.per_try_timeout or service.timeouts.response
        if not attempt or attempt >= bound:
            message = f"the first attempt at {name} takes all the time there is. Write retry.per_try_timeout there"
            yield Finding(("routes", index), message)


def _slow_authorities(view: AuditView) -> Iterator[Finding]:
    for index, route in enumerate(view.config.routes):
        for name in route.auth:
            auth = view.config.auth[name]
            if not route.timeout or not isinstance(auth, (IntrospectionConfig, ForwardAuthConfig)):
                continue
            if auth.timeout >= route.timeout:
                message = f"waiting for {name} may take all the time of the route. Write a shorter auth.{name}.timeout"
                yield Finding(("routes", index, "timeout"), message)


def _bound_s(route: RouteConfig, service: ServiceConfig) -> float:
    """How long everything may take, 0 for ever."""
    return min((bound for bound in (route.timeout, service.timeouts.total) if bound), default=0.0)


RULES = (
    Rule(
        "timeout-off",
        Severity.WARNING,
        "A service may take as long as it likes to answer",
        "`timeouts.response: 0` without `timeouts.total` or the route's `timeout`: requests that hang pile up, here and"
        " there. For answers that begin late by design, give a long time.",
        _for_ever,
    ),
    Rule(
        "idle-timeout-off",
        Severity.NOTE,
        "A silent stream or tunnel is never closed",
        "Connections whose other end is gone without a word stay, with their memory.",
        _silence,
    ),
    Rule(
        "retry-of-writes",
        Severity.WARNING,
        "Requests that are not idempotent are sent again",
        "POST and PATCH under `retry.methods` say that twice does no harm. Where the service does not recognise a"
        " repetition, somebody pays twice.",
        _writes_again,
    ),
    Rule(
        "retry-without-budget",
        Severity.WARNING,
        "Retries may multiply the load of a service that fails",
        "`retry.budget` of 100 % lets every request be repeated just when the service can least bear it.",
        _without_budget,
    ),
    Rule(
        "retry-without-time",
        Severity.NOTE,
        "A retry after a timeout comes too late",
        "`retry.on: [timeout]` needs a time for one attempt (`per_try_timeout`) that is shorter than that for all of"
        " them (`timeouts.total`, the route's `timeout`).",
        _no_time_left,
    ),
    Rule(
        "auth-without-time",
        Severity.NOTE,
        "Asking who it is may take all the time of a route",
        "The route's `timeout` is over everything. With an authority that is slow the service is never asked, and"
        " clients get 504 where they should get 503.",
        _slow_authorities,
    ),
)
