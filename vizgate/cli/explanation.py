"""Everything there is to say about one rehearsed request, as plain values that JSON can hold.

In: ``explain_result``. Not in: showing it (``cli.explain``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vizgate.balancer.config import told
from vizgate.cli.explanation_failures import route_failures, service_failures
from vizgate.cli.explanation_health import health_policies
from vizgate.cli.policy import Policy
from vizgate.cli.traffic_text import traffic_policies
from vizgate.config import GatewayConfig, RouteConfig
from vizgate.config.model import TargetConfig
from vizgate.config.redact import HIDDEN
from vizgate.discovery.config import told as found_by
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.preflight import asked_method
from vizgate.gateway.rehearsal import Rehearsed, Step
from vizgate.message.headers import Field, Headers
from vizgate.message.identity import Identity
from vizgate.router.explain import Stage, Verdict

_SECRET_NAME = re.compile(
    r"authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential|private|signature", re.IGNORECASE
)
_CHANGE = re.compile(r"([+-] )([^:]+)(: )(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explanation:
    """See ``vizgate explain``. ``reason``: why this route, or why none. ``route``, ``goes_to``: "" without one.

    ``routes``: every rule under every host of it, in order of precedence. ``answer``: what the client is told; its
    status is None where only the upstream can tell.
    """

    request: dict[str, Any]
    route: str
    goes_to: str
    reason: str
    params: dict[str, Any]
    routes: list[dict[str, Any]]
    middleware: list[dict[str, Any]]
    policies: list[Policy]
    rewrite: dict[str, str] | None
    upstream: dict[str, Any] | None
    answer: dict[str, Any] = field(default_factory=dict)


def explain_result(
    config: GatewayConfig, plan: GatewayPlan, result: Rehearsed, typed: Iterable[tuple[str, str]] = ()
) -> Explanation:
    """What *result* says about the request, by the words of *config*.

    Args: typed: header fields whose values the reader knows already; of others, those that look secret are hidden.
    """
    from vizgate.cli.routes import end_text

    hide = _Hiding({value for _, value in typed})
    seen = result.seen
    verdicts: tuple[Verdict[Any], ...] = ()
    if seen is not None:
        asked = asked_method(plan.router, seen.authority, seen.target, seen.headers) if seen.method == "OPTIONS" else ""
        verdicts = plan.router.explain(asked or seen.method, seen.authority, seen.target, seen.headers)
    found = [(number, route) for number, route in enumerate(config.routes) if route.name == result.route]
    return Explanation(
        request=_request(result),
        route=result.route,
        goes_to=end_text(found[0][1]) if found else "",
        reason=_reason(result, verdicts, plan),
        params=dict(result.params),
        routes=[_verdict(verdict) for verdict in verdicts],
        middleware=[_step(step, hide) for step in result.steps],
        policies=list(_policies(config, *found[0], result)) if found else [],
        rewrite=_rewrite(result),
        upstream=_upstream(result, hide),
        answer=_answer(result, hide),
    )


class _Hiding:
    """Takes values of secret fields away, unless the reader has typed them."""

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def fields(self, fields: Iterable[Field]) -> list[list[str]]:
        """*fields* as text pairs."""
        return [[name, self._value(name, value)] for name, value in Headers(list(fields)).items()]

    def change(self, text: str) -> str:
        """A line such as ``+ Name: value``."""
        match = _CHANGE.fullmatch(text)
        return text if match is None else f"{match[1]}{match[2]}{match[3]}{self._value(match[2], match[4])}"

    def _value(self, name: str, value: str) -> str:
        return HIDDEN if _SECRET_NAME.search(name) and value not in self._known else value


def _request(result: Rehearsed) -> dict[str, Any]:
    if result.seen is None:
        return {}
    seen = result.seen
    return {
        "method": seen.method,
        "authority": seen.authority,
        "target": seen.target.decode("latin-1"),
        "client": seen.client,
    }


def _reason(result: Rehearsed, verdicts: Iterable[Verdict[Any]], plan: GatewayPlan) -> str:
    for verdict in verdicts:
        if verdict.stage is Stage.WON and result.route:
            return verdict.reason
    if result.seen is None:
        return f"refused before routing: {result.detail}"
    if result.seen.target.partition(b"?")[0].decode("latin-1") in plan.public_paths:
        return "answered by the gateway itself, because of server.public_endpoints"
    return result.detail or "no route answers; the gateway does"


def _verdict(verdict: Verdict[Any]) -> dict[str, Any]:
    return {
        "route": verdict.rule.name,
        "host": verdict.host,
        "path": verdict.rule.match.path,
        "stage": verdict.stage.value,
        "near": verdict.is_near,
        "reason": verdict.reason,
    }


def _step(step: Step, hide: _Hiding) -> dict[str, Any]:
    return {
        "use": step.use,
        "forwarded": step.forwarded,
        "status": step.status or None,
        "error": step.error,
        "request_changes": [hide.change(text) for text in step.request_changes],
        "response_changes": [hide.change(text) for text in step.response_changes],
    }


def _policies(config: GatewayConfig, number: int, route: RouteConfig, result: Rehearsed) -> Iterator[Policy]:
    at = f"routes[{number}]"
    own: dict[str, Any] = route.model_dump(mode="json", by_alias=True)
    limits: dict[str, Any] = config.server.limits.model_dump(mode="json")
    if route.body_limit is None:
        yield Policy("longest body", _or_none(limits["body"], "0B"), "server.limits.body")
    else:
        yield Policy("longest body", _or_none(own["body_limit"], "0B"), f"{at}.body_limit")
    if route.timeout:
        yield Policy("time for everything", own["timeout"], f"{at}.timeout")
    yield from _auth_policies(config, at, route)
    yield from _limit_policies(config, route, result.identity)
    yield from route_failures(config, at, route)
    yield from traffic_policies(at, route)
    for name in route.services:
        # Of a split, only the way that the request took.
        if name == result.service or len(route.services) == 1:
            yield from _service_policies(config, name)


def _auth_policies(config: GatewayConfig, at: str, route: RouteConfig) -> Iterator[Policy]:
    if not config.auth:
        return
    # The defaults are merged into the routes when they are loaded.
    where = "defaults.auth" if route.auth and route.auth == config.defaults.auth else f"{at}.auth"
    asked = [f"{name} ({config.auth[name].kind})" for name in route.auth]
    yield Policy("who is it", " or ".join(asked) or "not asked: public", where)
    if route.scopes:
        yield Policy("needed scopes", " ".join(route.scopes), f"{at}.scopes")
    for claim, rule in route.claims.items():
        values = rule if isinstance(rule, tuple) else (rule,)
        yield Policy(f"claim {claim}", " or ".join(json.dumps(value) for value in values), f"{at}.claims.{claim}")
    if route.auth and config.identity_headers.names:
        yield Policy("told to the service", ", ".join(config.identity_headers.names), "identity_headers")


def _limit_policies(config: GatewayConfig, route: RouteConfig, who: Identity | None) -> Iterator[Policy]:
    """Each limit of the route, and the line of it that this identity counts by."""
    for name in route.limit:
        limit = config.limits[name]
        tier = limit.tier_of(None if who is None else who.tier)
        line = limit.lines()[tier]
        value = f"{limit.rule(line).text} for each {' and '.join(line.key)}"
        yield Policy(f"limit {name}", value, f"limits.{name}" + (f".tiers.{tier}" if tier else ""))


def _service_policies(config: GatewayConfig, name: str) -> Iterator[Policy]:
    service, at = config.services[name], f"services.{name}"
    if service.builtin is not None:
        return
    if service.targets:
        yield Policy("targets", ", ".join(_target_text(target) for target in service.targets), f"{at}.targets")
    if service.discovery is not None:
        yield Policy(
            "more targets" if service.targets else "targets",
            f"found by {found_by(service.discovery)}; nobody is asked here",
            f"{at}.discovery",
        )
    if len(service.targets) > 1 or service.discovery is not None:
        yield Policy("choice of target", told(service.balancer), f"{at}.balancer")
    if service.affinity is not None:
        yield Policy("clients stay with their target", f"cookie {service.affinity.cookie}", f"{at}.affinity")
    for key, value in service.timeouts.model_dump(mode="json", exclude={"deadline_header"}).items():
        yield Policy(f"{key} timeout", _or_none(value, "0s"), f"{at}.timeouts.{key}")
    yield Policy("Host", service.host_header, f"{at}.host_header")
    yield from health_policies(service, at)
    yield from service_failures(service, at)


def _target_text(target: TargetConfig) -> str:
    notes = [
        f"weight {target.weight}" if target.weight != 1 else "",
        f"priority {target.priority}" if target.priority else "",
        f"zone {target.zone}" if target.zone else "",
    ]
    told_notes = ", ".join(note for note in notes if note)
    return f"{target.url} ({told_notes})" if told_notes else str(target.url)


def _or_none(value: str, nothing: str) -> str:
    return "none" if value == nothing else value


def _rewrite(result: Rehearsed) -> dict[str, str] | None:
    if result.seen is None or result.upstream is None:
        return None
    came, sent = result.seen.target.decode("latin-1"), result.upstream.target
    return None if came == sent else {"from": came, "to": sent}


def _upstream(result: Rehearsed, hide: _Hiding) -> dict[str, Any] | None:
    upstream = result.upstream
    if upstream is None:
        return None
    return {
        "service": result.service,
        "target": upstream.address or "builtin",
        "method": upstream.method,
        "path": upstream.target,
        "headers": hide.fields(upstream.fields),
    }


def _answer(result: Rehearsed, hide: _Hiding) -> dict[str, Any]:
    status = None if result.is_imagined else result.status
    return {"status": status, "detail": result.detail, "headers": hide.fields(result.response_fields)}
