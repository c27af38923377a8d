"""What happens to a request when its service, or the gateway, is in trouble: retries, breakers, places, fallbacks.

In: the policies of a route and of its service. Not in: all others (``cli.explanation``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vizgate.cli.policy import Policy
from vizgate.config import GatewayConfig, RouteConfig
from vizgate.config.model import ServiceConfig


def route_failures(config: GatewayConfig, at: str, route: RouteConfig) -> Iterator[Policy]:
    """Of *route*, which stands at the path *at*."""
    if config.server.overload is not None:
        what = "never turned away" if route.priority == "critical" else f"{route.priority} priority"
        yield Policy("when the gateway is overloaded", what, f"{at}.priority")
    if route.fallback is not None:
        other = route.fallback
        where = f"service {other.service}" if other.service is not None else "a fixed answer"
        yield Policy("fallback", f"{where} on {_either(other.on)}", f"{at}.fallback")


def service_failures(service: ServiceConfig, at: str) -> Iterator[Policy]:
    """Of *service*, which stands at the path *at*."""
    shown: dict[str, Any] = service.model_dump(mode="json")
    if service.retry is not None:
        retry = shown["retry"]
        each = f" of {retry['per_try_timeout']}" if service.retry.per_try_timeout else ""
        tried = f"at most {_times(retry['attempts'])}{each}, on {_either(retry['on'])}; {_either(retry['methods'])}"
        yield Policy("attempts", tried, f"{at}.retry")
        budget = f"{retry['budget']['share']} of the requests of 10 s, or {retry['budget']['floor']}"
        yield Policy("most retries", budget, f"{at}.retry.budget")
    if service.breaker is not None:
        breaker = shown["breaker"]
        opens = f"{breaker['failure_rate']} failures of at least {breaker['minimum_requests']}"
        whose = "each target" if service.breaker.scope == "target" else "the service"
        back = f"open for {breaker['open_for']}, then {_times(breaker['half_open_requests'])} on trial"
        yield Policy(f"circuit breaker of {whose}", f"{opens}; {back}", f"{at}.breaker")
    if service.max_in_flight is not None:
        waits = f", others wait {shown['queue_timeout']}" if service.queue_timeout else ""
        yield Policy("requests at once", f"{service.max_in_flight}{waits}", f"{at}.max_in_flight")
    if service.timeouts.deadline_header is not None:
        yield Policy("told how much time is left", service.timeouts.deadline_header, f"{at}.timeouts.deadline_header")


def _either(items: tuple[object, ...] | list[object]) -> str:
    return " ".join(str(item) for item in items)


def _times(number: int) -> str:
    return "one" if number == 1 else str(number)
