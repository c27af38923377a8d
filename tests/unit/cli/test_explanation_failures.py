"""What ``vizgate explain`` says about trouble."""

from __future__ import annotations

from vizgate.cli.explanation_failures import route_failures, service_failures
from vizgate.config import load_text

TEXT = """
server: {overload: {loop_lag: 100ms}}
services:
  users:
    targets: [http://127.0.0.1:3001]
    retry: {attempts: 3, on: [reset, 503], methods: [GET], per_try_timeout: 2s}
    breaker: {scope: service, half_open_requests: 1}
    max_in_flight: 500
    queue_timeout: 200ms
    timeouts: {deadline_header: X-Left}
  echo: {builtin: echo}
routes:
  - {match: {path: /a}, service: users, priority: critical, fallback: {service: echo, on: [open, 503]}}
  - {match: {path: /b}, service: users, fallback: {respond: {status: 200}}}
  - {match: {path: /c}, service: echo}
"""


def test_service_policies_say_what_holds_and_where_it_is_written() -> None:
    """Each part that the service has is a line; one without any has none."""
    config = load_text(TEXT)
    told = {policy.what: (policy.value, policy.path) for policy in service_failures(config.services["users"], "s")}
    assert {
        "attempts": ("at most 3 of 2s, on reset 503; GET", "s.retry"),
        "most retries": ("20% of the requests of 10 s, or 30", "s.retry.budget"),
        "circuit breaker of the service": (
            "50% failures of at least 20; open for 30s, then one on trial",
            "s.breaker",
        ),
        "requests at once": ("500, others wait 200ms", "s.max_in_flight"),
        "told how much time is left": ("X-Left", "s.timeouts.deadline_header"),
    } == told
    assert [] == list(service_failures(config.services["echo"], "s"))


def test_route_policies_say_who_answers_instead() -> None:
    """The fallback, and whether the route is turned away when the gateway has too much to do."""
    config = load_text(TEXT)
    told = [[policy.value for policy in route_failures(config, "r", route)] for route in config.routes]
    assert [
        ["never turned away", "service echo on open 503"],
        ["normal priority", "a fixed answer on 502 503 504"],
        ["normal priority"],
    ] == told
