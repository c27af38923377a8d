"""What ``vizgate status`` says to people."""

from __future__ import annotations

import pytest

from vizgate.cli.admin.status import _lasting, described


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (59.9, "59s"), (60, "1m 0s"), (3723, "1h 2m"), (86_400, "1d 0h"), (200_000, "2d 7h")],
)
def test_time_is_told_in_two_units(seconds: float, text: str) -> None:
    """The largest that it has."""
    assert text == _lasting(seconds)


def test_targets_that_are_out_are_named_with_the_reason() -> None:
    """The others are counted."""
    status = {
        "version": "1", "phase": "ready", "unavailable": ["users"], "plugins": {"warm": "not yet"},
        "uptime_s": 5.0, "connections": 1, "requests_in_flight": 0, "routes": 2, "services": 1,
        "config": {"source": None, "hash": "ab", "since": "today", "failure": "bad\nworse"},
    }  # fmt: skip
    targets = [
        {"target": "h:1", "fit": True, "blocked": []},
        {"target": "h:2", "fit": False, "blocked": ["drained", "open"]},
    ]
    services = [{"name": "users", "targets": targets, "breaker": "open (forced)"}]
    text = "\n".join(described(status, services))
    assert "vizgate 1: ready, up 5s\n  1 connection, 0 requests in flight\n" in text
    assert "  the required service users has no fit target\n  warm wants no traffic yet: not yet\n" in text
    assert text.endswith("  users: 1 of 2 targets fit, breaker open (forced)\n    h:2: drained, open")


def test_each_worker_is_told_of() -> None:
    """With the number of its process."""
    worker = {"pid": 7, "phase": "ready", "uptime_s": 65.0, "connections": 2, "requests_in_flight": 1}
    status = {
        "version": "1", "phase": "ready", "unavailable": [], "plugins": {},
        "uptime_s": 5.0, "connections": 1, "requests_in_flight": 0, "routes": 2,
        "services": 1, "config": {"source": "a", "hash": "ab", "since": "today", "failure": None}, "workers": [worker],
    }  # fmt: skip
    assert "  worker 7: ready, up 1m 5s, 2 connections, 1 requests in flight" in list(described(status, []))
