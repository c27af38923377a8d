"""The rules of the settings under ``health``."""

from __future__ import annotations

import pytest

from vizgate import Gateway
from vizgate.config import ConfigError, load_text
from vizgate.health.config import HealthConfig, PassiveConfig
from vizgate.health.ejection import EjectionRule
from vizgate.health.verdict import ProbeRule

_SERVICE = """
version: 1
services: {{a: {{targets: [http://a:1], health: {0}}}}}
routes: [{{match: {{path: /}}, service: a}}]
"""


def health(text: str) -> HealthConfig:
    found = load_text(_SERVICE.format(text)).services["a"].health
    assert found is not None
    return found


def test_sample_is_read_as_it_says() -> None:
    """Every key of the format's sample."""
    found = health(
        "{active: {path: /health, interval: 5s, timeout: 2s, healthy_after: 2, unhealthy_after: 3, expect: [200]},"
        " passive: {failures: 5, window: 30s, eject_for: 30s, max_ejected: 50%}, slow_start: 30s, panic_below: 0%}"
    )
    assert found.active is not None
    assert found.passive is not None
    assert ProbeRule(frozenset({200})) == found.active.rule
    assert EjectionRule(5, 5, None, 20, 30.0, 30.0, 0.5) == found.passive.rule


def test_attempts_without_an_answer_count_as_failures_do_unless_told_otherwise() -> None:
    """One number is enough for most."""
    assert (2, 2) == (PassiveConfig(failures=2).rule.failures, PassiveConfig(failures=2).rule.local_failures)
    assert 7 == PassiveConfig(failures=2, local_failures=7).rule.local_failures


def test_connection_is_enough_for_tcp() -> None:
    """Nothing is expected of an answer that is not asked for."""
    found = health("{active: {kind: tcp, port: 9000}}")
    assert found.active is not None
    assert ProbeRule() == found.active.rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{active: {kind: tcp, path: /health}}", "path has no effect with kind: tcp. Remove it"),
        ("{active: {method: HEAD, body: ok}}", "an answer to HEAD has no body. Write method: GET"),
        ("{active: {read_limit: 1KiB}}", "read_limit has no effect without body"),
        ("{active: {path: health}}", "must be a path with or without a query. Write for example /health"),
        ("{active: {path: '/a b'}}", "must be a path"),
        ('{active: {path: "/a\\r\\nX: y"}}', "must be a path"),
        ('{active: {host: "a\\r\\nX: y"}}', "must be a host name"),
        ("{active: {interval: 0s}}", "must be more than zero"),
        ("{active: {expect: []}}", "services.a.health.active.expect"),
        ("{active: {expect: [100]}}", "must be at least 200"),
        ("{active: {port: 70000}}", "must be at most 65535"),
        ("{passive: {failures: 0}}", "nothing takes a target out. Write failures, local_failures or failure_rate"),
        ("{passive: {max_ejected: 0%}}", "max_ejected: 0% never takes a target out"),
        ("{passive: {minimum_requests: 5}}", "minimum_requests has no effect without failure_rate"),
        ("{passive: {failure_rate: 0%}}", "failure_rate: 0% is passed by every target"),
        ("{panic_below: 50%}", "panic_below has no effect without active or passive"),
    ],
)
def test_what_cannot_act_is_refused(text: str, message: str) -> None:
    """With its reason and what to do."""
    with pytest.raises(ConfigError) as caught:
        health(text)
    assert message in str(caught.value)


def test_slow_start_needs_a_balancer_that_looks_at_weights() -> None:
    """``ewma`` does not; ``round_robin`` becomes ``weighted``, which gives the same turns with equal weights."""
    with pytest.raises(ConfigError, match="slow_start has no effect with ewma"):
        health("{slow_start: 10s}, balancer: ewma")
    gateway = Gateway.from_text(_SERVICE.format("{slow_start: 10s}"))
    assert "round_robin" == gateway.plan.services["a"].balancer
