"""A stop of several workers under load loses nobody's request."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.program import PATIENCE_S, SlowUpstream, get
from tests.integration.cli.test_stop_under_load import CLIENTS, Client
from tests.integration.workers.fleet import FleetProgram, wait_gone

Start = Callable[..., FleetProgram]


@pytest.fixture
def slow_upstream():
    server = SlowUpstream()
    yield server
    server.close()


@pytest.mark.parametrize("keeps", [True, False], ids=["kept-connections", "new-connections"])
def test_sigterm_under_load_loses_no_request(start: Start, tmp_path: Path, slow_upstream: SlowUpstream, keeps: bool):
    """Every request that a client could send is answered whole; then connections are refused; nothing is left."""
    path = tmp_path / "vizgate.yaml"
    path.write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: '127.0.0.1:0', workers: 2}\n"
        f"services: {{echo: {{builtin: echo}}, slow: {{targets: ['{slow_upstream.url}']}}}}\n"
        "routes:\n  - {match: {path: /*}, service: echo}\n  - {match: {path: /slow}, service: slow}\n", "utf-8",
    )  # fmt: skip
    fleet = start(path).wait_ready()
    slow: list[tuple[int, bytes]] = []
    in_flight = threading.Thread(target=lambda: slow.append(get(fleet.port, "/slow")))
    in_flight.start()
    slow_upstream.wait_request()
    clients = [Client(fleet.port, keeps=keeps) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.is_warm.wait(PATIENCE_S)
    fleet.signal(signal.SIGTERM)
    for client in clients:
        client.join(PATIENCE_S)
    assert [""] * CLIENTS == [client.fault for client in clients]
    assert all(client.was_refused for client in clients)
    assert 503 == get(fleet.admin_port, "/readiness")[0]
    slow_upstream.answer(b"after all")
    in_flight.join(PATIENCE_S)
    assert [(200, b"after all")] == slow
    assert (0, "vizgate: stopped") == (fleet.process.wait(PATIENCE_S), fleet.wait_line("stopped").string)
    wait_gone(list(fleet.pids.values()))


def test_second_signal_stops_at_once(start: Start, tmp_path: Path, slow_upstream: SlowUpstream):
    """Who does not want to wait says so again; the exit code tells of it."""
    path = tmp_path / "vizgate.yaml"
    path.write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: '127.0.0.1:0', workers: 2}\n"
        f"services: {{slow: {{targets: ['{slow_upstream.url}']}}}}\nroutes: [{{match: {{path: /*}}, service: slow}}]\n",
        "utf-8",
    )
    fleet = start(path).wait_ready()
    ends: list[str] = []
    in_flight = threading.Thread(target=_ask, args=(fleet.port, ends))
    in_flight.start()
    slow_upstream.wait_request()
    fleet.signal(signal.SIGTERM)
    fleet.wait_line("SIGTERM: no new connections")
    fleet.signal(signal.SIGTERM)
    assert 128 + signal.SIGTERM == fleet.wait_end()[0]
    wait_gone(list(fleet.pids.values()))
    in_flight.join(PATIENCE_S)
    assert ["cut"] == ends


def _ask(port: int, ends: list[str]) -> None:
    try:
        get(port, "/slow")
        ends.append("answered")
    except OSError:
        ends.append("cut")
