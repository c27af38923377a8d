"""Several workers are one gateway: for clients, for limits, for whoever reads its numbers."""

from __future__ import annotations

import json
import signal
import socket
import ssl
from collections import Counter
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPSConnection
from typing import Any

import trustme

from tests.integration.cli.program import PATIENCE_S, get, wait_until
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


def test_affinity_cookie_is_good_in_every_worker(fleet: FleetProgram):
    """A client comes back to its target whichever worker it comes to; no worker gives it another cookie."""
    with ExitStack() as stack:
        first = _far(fleet, "", stack)
        cookie = first.headers["Set-Cookie"].partition(";")[0]
        answers = [_far(fleet, cookie, stack) for _ in range(8)]
    assert {first.told} == {answer.told for answer in answers}
    assert {None} == {answer.headers["Set-Cookie"] for answer in answers}
    assert 2 == len({answer.headers["X-Process"] for answer in answers})


def _far(fleet: FleetProgram, cookie: str, stack: ExitStack) -> Any:
    """The answer of a target, over a new connection, which *stack* keeps; ``told`` is its body."""
    connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", fleet.port, timeout=PATIENCE_S)))
    connection.request("GET", "/far", headers={"Cookie": cookie})
    response = connection.getresponse()
    response.told = response.read()
    return response


def test_unix_socket_and_tls_are_shared_as_well(fleet: FleetProgram, authority: trustme.CA):
    """Every listener leads to every worker."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    served: dict[str, set[str]] = {"unix": set(), "tls": set()}
    with ExitStack() as stack:
        for _ in range(8):
            tls = HTTPSConnection("127.0.0.1", fleet.tls_port, timeout=PATIENCE_S, context=context)
            unix = HTTPConnection("localhost", timeout=PATIENCE_S)
            unix.sock = socket.socket(socket.AF_UNIX)
            unix.sock.connect(str(fleet.folder / "socket"))
            for way, connection in (("tls", tls), ("unix", unix)):
                stack.enter_context(closing(connection))
                connection.request("GET", "/")
                served[way].add(connection.getresponse().headers["X-Process"])
    assert {"unix": 2, "tls": 2} == {way: len(processes) for way, processes in served.items()}


def test_access_log_has_every_request_and_begins_anew_in_every_worker(fleet: FleetProgram):
    """Lines of all workers are whole in one file; after USR1 they are in a new one."""
    log, moved = fleet.folder / "access.log", fleet.folder / "access.log.1"
    log.rename(moved)
    fleet.signal(signal.SIGUSR1)
    paths = [f"/logged/{number}" for number in range(40)]
    for path in paths:
        assert 200 == get(fleet.port, path)[0]

    def logged() -> list[str]:
        lines = moved.read_bytes() + (log.read_bytes() if log.exists() else b"")
        found = [json.loads(line)["path"] for line in lines.splitlines()]
        return sorted(path for path in found if path in paths)

    wait_until(lambda: len(logged()) >= len(paths))
    assert sorted(paths) == logged()
    get(fleet.port, "/logged/last")
    wait_until(lambda: log.exists() and b"/logged/last" in log.read_bytes())


def test_admin_listener_answers_for_all_workers(fleet: FleetProgram):
    """Health, readiness and the list of services come from the supervisor."""
    assert (200, {"status": "ready"}) == _json(fleet, "/readiness")
    assert 200 == get(fleet.admin_port, "/health")[0]
    status, document = _json(fleet, "/status")
    assert (200, "ready", True) == (status, document["phase"], document["config"]["source"].endswith("vizgate.yaml"))
    assert _json(fleet, "/config")[1]["config"]["server"]["admin"] == "127.0.0.1:0"
    assert set(fleet.pids.values()) == {worker["pid"] for worker in document["workers"]}


def test_audit_log_of_several_workers_goes_to_its_file(fleet: FleetProgram):
    """A change that all workers have made is one line, where the configuration wants it."""
    assert 200 == get(fleet.admin_port, "/log-level", method="DELETE")[0]
    lines = [json.loads(line) for line in (fleet.folder / "audit.log").read_text().splitlines()]
    changes = [(line["who"], line["operation"], line["result"]) for line in lines]
    assert [("local", "reset_log_level", "done")] == changes


def _json(fleet: FleetProgram, path: str) -> tuple[int, dict]:
    status, body = get(fleet.admin_port, path)
    return status, json.loads(body)
