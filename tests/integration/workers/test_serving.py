"""Several workers are one gateway: for clients, for limits, for whoever reads its numbers."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack, closing
from http.client import HTTPConnection

from tests.integration.cli.program import PATIENCE_S, get
from tests.integration.workers.fleet import FleetProgram

CONNECTIONS = 64
ROUNDS = 4


def test_kept_connections_are_spread_over_the_workers(fleet: FleetProgram):
    """Of 64 connections that stay, neither of two workers has less than a quarter, nor of their requests."""
    answers: Counter[str] = Counter()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(HTTPConnection("127.0.0.1", fleet.port, timeout=PATIENCE_S)))
            for _ in range(CONNECTIONS)
        ]
        for connection in connections * ROUNDS:
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            answers[response.headers["X-Process"]] += 1
    assert {str(pid) for pid in fleet.pids.values()} == set(answers)
    assert CONNECTIONS * ROUNDS / 4 <= min(answers.values())


def test_limit_is_exact_over_all_workers(fleet: FleetProgram):
    """Ten an hour are ten, however many workers decide about them."""
    statuses = Counter(get(fleet.port, "/limited")[0] for _ in range(25))
    assert {200: 10, 429: 15} == statuses


def test_metrics_are_those_of_all_workers(fleet: FleetProgram):
    """What was sent is counted, whichever worker had it; a worker's own page says the same as the admin listener's."""
    name = 'vizgate_requests_total{method="PUT",route="/*",status="200"}'
    before = fleet.metrics().get(name, 0.0)
    for _ in range(20):
        with closing(HTTPConnection("127.0.0.1", fleet.port, timeout=PATIENCE_S)) as connection:
            connection.request("PUT", "/")
            connection.getresponse().read()
    metrics = fleet.metrics()
    assert before + 20 == metrics[name]
    assert 2.0 == metrics["vizgate_workers"]
    for worker in ("1", "2", "supervisor"):
        assert metrics[f'process_resident_memory_bytes{{worker="{worker}"}}'] > 1_000_000
    for _ in range(4):
        assert f"{name} {before + 20}" in get(fleet.port, "/metrics")[1].decode()


def test_admin_listener_answers_for_all_workers(fleet: FleetProgram):
    """Health, readiness and the list of services come from the supervisor."""
    assert (200, {"status": "ready"}) == _json(fleet, "/readiness")
    assert 200 == get(fleet.admin_port, "/health")[0]
    status, document = _json(fleet, "/status")
    assert (200, "ready") == (status, document["phase"])


def _json(fleet: FleetProgram, path: str) -> tuple[int, dict]:
    status, body = get(fleet.admin_port, path)
    return status, json.loads(body)
