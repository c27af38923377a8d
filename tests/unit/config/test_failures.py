"""What may be written about retries, breakers, bulkheads, fallbacks and overload, and what is refused with a remedy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import load_text

Refused = Callable[..., list[str]]

SERVICE = "services: {{a: {{targets: [http://a], {}}}}}"
ROUTE = "services: {{a: {{targets: [http://a]}}, b: {{builtin: echo}}}}\nroutes: [{{match: {{path: /}}, {}}}]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERVICE.format("queue_timeout: 1s"), "queue_timeout has no effect without max_in_flight"),
        (SERVICE.format("max_in_flight: 5, max_queued: 5"), "max_queued has no effect without queue_timeout"),
        (SERVICE.format("max_in_flight: 0"), "must be at least 1"),
        (SERVICE.format("breaker: {slow_call_rate: 50%}"), "slow_call_rate has no effect without slow_call"),
        (SERVICE.format("breaker: {failure_rate: 0%}"), "a rate of 0% would open it"),
        (SERVICE.format("breaker: {window_requests: 5}"), "window_requests is less than minimum_requests"),
        (SERVICE.format("breaker: {window: 5s, window_requests: 50}"), "exclude each other"),
        (SERVICE.format("retry: {attempts: 0}"), "must be at least 1"),
        (SERVICE.format("retry: {on: []}"), "retry.on"),
        (SERVICE.format("retry: {methods: [get]}"), "retry.methods[0]"),
        (SERVICE.format("timeouts: {deadline_header: Host}"), "Host is not set here"),
        (ROUTE.format("service: a, fallback: {service: c}"), "no service named 'c'"),
        (ROUTE.format("service: a, fallback: {service: a}"), "is the service of the route itself"),
        (ROUTE.format("service: a, fallback: {on: [502]}"), "one of service and respond"),
        (ROUTE.format("service: a, fallback: {service: b, respond: {status: 200}}"), "one of service and respond"),
        (ROUTE.format("respond: {status: 200}, fallback: {service: b}"), "fallback has no effect with respond"),
        (ROUTE.format("service: a, priority: low"), "priority has no effect without server.overload"),
        (ROUTE.format("service: a, middleware: [{use: cache}, {use: cache}]"), "a cache of the zone 'default' already"),
        (
            ROUTE.format("service: a, middleware: [{use: cache, zone: default}, {use: compress}, {use: cache}]"),
            "routes[0].middleware[2]: the route has a cache of the zone 'default' already",
        ),
        ("server: {overload: {}}", "neither loop_lag nor memory"),
    ],
)
def test_what_cannot_act_is_refused(refused: Refused, text: str, message: str) -> None:
    """A setting that would be ignored is an error that says what to do."""
    found = refused(text)
    assert len(found) == 1
    assert message in found[0]


def test_short_forms_mean_the_long_ones() -> None:
    """A duration is the base of a back-off, a share that of a budget."""
    short = load_text(SERVICE.format("retry: {backoff: 50ms, budget: 10%}")).services["a"].retry
    long = load_text(SERVICE.format("retry: {backoff: {base: 50ms}, budget: {share: 10%}}")).services["a"].retry
    assert short == long
    assert short is not None
    assert (0.05, 0.1, 30) == (short.backoff.base, short.budget.share, short.budget.floor)


def test_contract_sample_loads() -> None:
    """The keys of the published format, as they are written there."""
    text = """
    services:
      users:
        targets: [http://127.0.0.1:3001, http://127.0.0.1:3002]
        breaker: {failure_rate: 50%, minimum_requests: 20, window: 30s, open_for: 30s, half_open_requests: 3}
        timeouts: {connect: 2s, response: 15s, idle: 60s, total: 60s}
        retry: {attempts: 2, on: [connect_failure, 502, 503, 504], backoff: 25ms, budget: 20%}
        max_in_flight: 500
    """
    service = load_text(text).services["users"]
    assert service.retry is not None
    assert service.breaker is not None
    assert ("connect_failure", 502, 503, 504) == service.retry.on
    assert (500, 0.0, 3) == (service.max_in_flight, service.queue_timeout, service.breaker.half_open_requests)
