"""What ``vizgate explain`` says about the health of targets."""

from __future__ import annotations

from vizgate.cli.explanation_health import health_policies
from vizgate.config import load_text

TEXT = """
services:
  users:
    targets: [http://127.0.0.1:3001]
    required: true
    health:
      active: {path: /up, interval: 1s, port: 9000}
      passive: {failures: 3, failure_rate: 50%}
      slow_start: 30s
      panic_below: 40%
  ledger:
    targets: [http://127.0.0.1:3001]
    health: {active: {kind: tcp}, passive: {failures: 0, local_failures: 2}}
  plain: {targets: [http://127.0.0.1:3001]}
routes:
  - {match: {path: /a}, service: users}
  - {match: {path: /b}, service: ledger}
  - {match: {path: /c}, service: plain}
"""


def told(service: str) -> dict[str, tuple[str, str]]:
    found = health_policies(load_text(TEXT).services[service], "s")
    return {policy.what: (policy.value, policy.path) for policy in found}


def test_policies_say_what_holds_and_where_it_is_written() -> None:
    """Each part of ``health`` is a line."""
    causes = "3 answers of 5xx in a row or 3 attempts in a row without an answer or 50% failures of at least 20"
    assert {
        "probes": (
            "GET /up at port 9000 every 1s; 2 good ones bring back, 3 bad ones take out",
            "s.health.active",
        ),
        "left out after": (f"{causes}; for 30s and more, at most 50% of the targets", "s.health.passive"),
        "slow start": ("30s", "s.health.slow_start"),
        "all targets are asked": ("with fewer than 40% fit", "s.health.panic_below"),
        "needed for readiness": ("a fit target", "s.required"),
    } == told("users")


def test_policies_of_a_connection_name_no_path() -> None:
    """And what is not looked at is not told."""
    found = told("ledger")
    assert "a connection every 5s; 2 good ones bring back, 3 bad ones take out" == found["probes"][0]
    assert found["left out after"][0].startswith("2 attempts in a row without an answer; for")


def test_service_without_health_has_no_lines() -> None:
    """What is off is not told."""
    assert {} == told("plain")
