"""The rules of the status as several workers see it, told as one."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement

from vizgate.gateway.operations.calls.lifecycle import StatusAnswer
from vizgate.gateway.operations.operation import Document
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.gateway.workers.rules.readiness import readiness_of
from vizgate.observe.health import Health


def status(pid: int, phase: str, started: str, *unavailable: str, **plugins: str) -> Document:
    served = {"source": None, "hash": "ab", "since": "then", "failure": None}
    return {
        "version": "1", "phase": phase, "unavailable": [*unavailable], "plugins": plugins,
        "started": started, "uptime_s": 1.0 + pid, "connections": 2,
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


def test_several_workers_say_what_readiness_says() -> None:
    """Whatever each of them waits for: the phase and the status of ``/readiness`` never contradict each other."""
    whole = Health()
    whole.mark_ready()
    kinds = [
        status(1, "ready", "a"), status(1, "starting", "a"), status(1, "draining", "a"),
        status(1, "unavailable", "a", "s"), status(1, "unavailable", "a", "t"), status(1, "unavailable", "a", p="warm"),
    ]  # fmt: skip
    for documents in combinations_with_replacement(kinds, 3):
        merged = OPERATIONS["status"].merge(documents)
        StatusAnswer.model_validate(merged)
        told = [{**one, "phase": "ready" if one["phase"] == "unavailable" else one["phase"]} for one in documents]
        reply = readiness_of(whole, told)
        assert (reply.status == 200) == (merged["phase"] == "ready")
        if reply.status == 503 and merged["phase"] == json.loads(reply.body)["status"] == "unavailable":
            assert json.loads(reply.body).get("services", []) == merged["unavailable"]
