"""A reload is in force in every worker, or in none."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from tests.integration.cli.program import PATIENCE_S, is_refused
from tests.integration.workers.fleet import Askers, FleetProgram, kill, write_config

Start = Callable[..., FleetProgram]


def words(fleet: FleetProgram, count: int = 12) -> set[tuple[str, str]]:
    """By which process and which configuration *count* new connections are answered."""
    found = set()
    for _ in range(count):
        with closing(HTTPConnection("127.0.0.1", fleet.port, timeout=PATIENCE_S)) as connection:
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            found.add(response.headers["X-Word"])
    return found


def test_reload_is_in_force_in_every_worker_or_in_none(start: Start, tmp_path: Path):
    """Under load nobody notices a reload; one that a single worker cannot do changes nothing anywhere; a worker that
    starts later begins with what is in force; listeners and the number of workers change, too.
    """
    fleet = start(write_config(tmp_path)).wait_ready()
    with Askers(fleet.port) as askers:
        write_config(tmp_path, word="second")
        fleet.signal(signal.SIGHUP)
        fleet.wait_line("the configuration was reloaded")
        assert {"second"} == words(fleet)

        write_config(tmp_path, word="third", use="Refusing")
        status, answer = _post(fleet, "/reload")
        assert (409, True) == (status, "the second one will not" in answer["detail"])
        fleet.wait_line("was not reloaded")
        assert {"second"} == words(fleet)

        write_config(tmp_path, word="fourth").write_text("version: 2", "utf-8")
        fleet.signal(signal.SIGHUP)
        fleet.wait_line("was not reloaded")
        assert {"second"} == words(fleet)

        kill(fleet.pids[1])
        fleet.wait_worker()
        assert {"second"} == words(fleet)
    assert len(askers.faults) <= len(askers.all)  # of the killed one

    before = fleet.port
    other = fleet.port = _free_port()
    with Askers(before, count=2) as askers:
        write_config(tmp_path, word="fifth", workers=3, listen=f"['127.0.0.1:0', '127.0.0.1:{other}']")
        fleet.signal(signal.SIGHUP)
        fleet.wait_line("the configuration was reloaded")
        assert {"fifth"} == words(fleet)
        assert 3 == len(fleet.pids)
        write_config(tmp_path, word="sixth", workers=3, listen=f"['127.0.0.1:{other}']")
        fleet.signal(signal.SIGHUP)
        fleet.wait_line("the configuration was reloaded")
        assert {"sixth"} == words(fleet)
        for asker in askers.all:
            asker.is_over.set()
    assert [] == [fault for fault in askers.faults if "Refused" not in fault]
    assert is_refused(before)
    assert 3.0 == fleet.metrics()['vizgate_reloads_total{result="ok"}']
    assert 2.0 == fleet.metrics()['vizgate_reloads_total{result="failed"}']

    write_config(tmp_path, word="seventh", workers=1, listen=f"['127.0.0.1:{other}']")
    fleet.signal(signal.SIGHUP)
    fleet.wait_line("only a restart can change server.workers")
    assert {"sixth"} == words(fleet)


def _post(fleet: FleetProgram, path: str) -> tuple[int, dict]:
    """Status and answer of what an operator asks for."""
    with closing(HTTPConnection("127.0.0.1", fleet.admin_port, timeout=PATIENCE_S)) as connection:
        connection.request("POST", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def _free_port() -> int:
    from tests.integration.installed import free_port

    return free_port()
