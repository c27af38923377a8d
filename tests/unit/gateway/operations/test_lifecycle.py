"""The rules of the status as several workers see it, told as one."""

from __future__ import annotations

from vizgate.gateway.operations.calls.lifecycle import StatusAnswer
from vizgate.gateway.operations.operation import Document
from vizgate.gateway.operations.table import OPERATIONS


def status(pid: int, phase: str, started: str) -> Document:
    served = {"source": None, "hash": "ab", "since": "then", "failure": None}
    return {
        "version": "1", "phase": phase, "started": started, "uptime_s": 1.0 + pid, "connections": 2,
        "requests_in_flight": 1, "routes": 3, "services": 4, "pid": pid, "config": served,
    }  # fmt: skip


def test_workers_are_one_gateway_and_each_is_told_of() -> None:
    """It serves while one of them does, since the first of them, and all that is in flight is in it."""
    merged = OPERATIONS["status"].merge([status(1, "draining", "b"), status(2, "ready", "a")])
    StatusAnswer.model_validate(merged)
    assert ("ready", "a", 3.0, 4, 2, 3) == tuple(
        merged[name] for name in ("phase", "started", "uptime_s", "connections", "requests_in_flight", "routes")
    )
    assert "pid" not in merged
    assert [(1, "draining"), (2, "ready")] == [(worker["pid"], worker["phase"]) for worker in merged["workers"]]


def test_one_worker_is_told_of_as_one() -> None:
    """There may be no more at the moment."""
    merged = OPERATIONS["status"].merge([status(1, "ready", "a")])
    assert [1] == [worker["pid"] for worker in merged["workers"]]
