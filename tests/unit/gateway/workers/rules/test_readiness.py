"""Whether a gateway of several workers should be sent traffic."""

from __future__ import annotations

import json

from vizgate.gateway.workers.rules.readiness import readiness_of
from vizgate.observe.health import Health


def worker(phase: str = "ready", *unavailable: str, **plugins: str) -> dict:
    return {"phase": phase, "unavailable": list(unavailable), "plugins": plugins}


def told(*workers: dict, whole: Health | None = None) -> tuple[int, dict]:
    if whole is None:
        whole = Health()
        whole.mark_ready()
    reply = readiness_of(whole, workers)
    return reply.status, json.loads(reply.body)


def test_one_worker_that_can_serve_is_enough():
    """Others may be starting, or wait for a plugin."""
    assert (200, {"status": "ready"}) == told(worker("starting"), worker(), worker("ready", warm="not yet"))


def test_service_is_missing_where_every_worker_misses_it():
    """A required service that one of them can reach is there."""
    assert 200 == told(worker("ready", "a"), worker("ready", "b"))[0]
    assert (503, {"status": "unavailable", "services": ["b"]}) == told(worker("ready", "a", "b"), worker("ready", "b"))


def test_no_worker_can_serve():
    """Then the reason is that of the first."""
    assert (503, {"status": "starting"}) == told()
    assert (503, {"status": "starting"}) == told(worker("starting"))
    assert (503, {"status": "draining"}) == told(worker("draining"), worker("draining"))
    assert (503, {"status": "unavailable", "plugins": {"warm": "not yet"}}) == told(worker("ready", warm="not yet"))


def test_whole_gateway_starts_and_stops_as_one():
    """Before all have started, and once the end has begun, it is not ready, whatever workers say."""
    whole = Health()
    assert (503, {"status": "starting"}) == told(worker(), whole=whole)
    whole.mark_ready()
    whole.mark_draining()
    assert (503, {"status": "draining"}) == told(worker(), whole=whole)
