"""Whatever happens to a process of a gateway, clients notice as little as can be, and nothing is left behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.integration.cli.program import get, is_refused, wait_until
from tests.integration.workers.fleet import Askers, FleetProgram, kill, wait_gone, write_config

Start = Callable[..., FleetProgram]


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetProgram]:
    """Two workers that may be killed."""
    folder = tmp_path_factory.mktemp("mortal")
    with FleetProgram(["serve", str(write_config(folder))], folder) as program:
        yield program.wait_ready()


def test_killed_worker_is_replaced_and_only_its_requests_fail(mortal: FleetProgram):
    """A worker that is killed under load takes its own requests along; nobody is refused; another one is there soon."""
    fleet = mortal
    victim = fleet.pids[1]
    with Askers(fleet.port) as askers:
        on_victim = len([asker for asker in askers.all if victim in asker.answers])
        begun_s = time.monotonic()
        kill(victim)
        successor = fleet.wait_worker()
        lasted_s = time.monotonic() - begun_s
    assert victim != successor
    assert len(askers.faults) <= max(on_victim, 1)
    assert not any("Refused" in fault for fault in askers.faults)
    assert lasted_s < 5.0  # under a second on a machine of one's own
    assert 1.0 == fleet.metrics()['vizgate_worker_exits_total{reason="killed"}']


def test_worker_that_is_told_to_end_is_replaced_and_nobody_notices(mortal: FleetProgram):
    """TERM to one worker lets it finish what it has; another one is there before."""
    fleet = mortal
    leaving = fleet.pids[2]
    with Askers(fleet.port) as askers:
        kill(leaving, signal.SIGTERM)
        fleet.wait_line("worker 2 leaves")
        fleet.wait_worker()
        wait_gone([leaving])
    assert [] == askers.faults
    assert 1.0 == fleet.metrics()['vizgate_worker_exits_total{reason="left"}']


def test_workers_end_with_a_killed_supervisor(start: Start, tmp_path: Path):
    """Nothing is left of a gateway whose supervisor is killed, and the port is free."""
    fleet = start(write_config(tmp_path)).wait_ready()
    pids = list(fleet.pids.values())
    fleet.process.kill()
    wait_until(lambda: is_refused(fleet.port))
    wait_gone(pids)


def test_worker_that_cannot_start_ends_the_start_with_its_reason(start: Start, tmp_path: Path):
    """Where one worker cannot start at first, there is no gateway, and the reason is told."""
    fleet = start(write_config(tmp_path, use="Refusing"))
    code, lines = fleet.wait_end()
    assert 3 == code
    assert "the second one will not" in "\n".join(lines)


def test_worker_that_dies_again_and_again_is_replaced(mortal: FleetProgram):
    """Who dies of a request is there again; the log tells how it ended."""
    fleet = mortal
    for _ in range(3):
        _die(fleet.port)
        fleet.wait_line("ended with code 7")
        fleet.wait_worker()
    assert 200 == get(fleet.port)[0]
    assert 3.0 == fleet.metrics()['vizgate_worker_exits_total{reason="failed"}']


def _die(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/", headers={"X-Die": "now"})
        with pytest.raises((OSError, HTTPException)):
            connection.getresponse()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetProgram]:
    """Two workers that have little time to answer, and room for few connections."""
    folder = tmp_path_factory.mktemp("strict")
    config = write_config(folder, server="worker_timeout: 1s, limits: {connections: 4}")
    with FleetProgram(["serve", str(config)], folder) as program:
        yield program.wait_ready()


def test_limit_of_connections_is_that_of_all_workers(strict: FleetProgram):
    """Four connections are four, whichever workers have them; one more is told so, and there is room again later."""
    with ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", strict.port)))
            connection.request("GET", "/")
            assert 200 == connection.getresponse().status
        assert 503 == get(strict.port)[0]
    wait_until(lambda: get(strict.port)[0] == 200)


def test_worker_whose_loop_stands_still_is_replaced(strict: FleetProgram):
    """A worker that does not answer for ``worker_timeout`` is killed and replaced; nobody waits for it meanwhile."""
    fleet = strict
    stopped = fleet.pids[1]
    kill(stopped, signal.SIGSTOP)
    for _ in range(10):
        assert 200 == get(fleet.port)[0]
    fleet.wait_line(f"process {stopped}. has not answered for 1 s")
    assert stopped != fleet.wait_worker()
    assert 1.0 == fleet.metrics()['vizgate_worker_exits_total{reason="hung"}']


def test_what_an_operator_has_said_holds_for_successors(mortal: FleetProgram):
    """A drained target is drained in every worker, and in those that come after all have died."""
    target = "http://127.0.0.1:1"
    with closing(HTTPConnection("127.0.0.1", mortal.admin_port)) as connection:
        connection.request("POST", f"/services/far/targets/{target}/drain")
        assert 200 == connection.getresponse().status
    assert ["drained"] == _blocked(mortal, target)
    for pid in list(mortal.pids.values()):
        kill(pid)
    mortal.wait_worker()
    mortal.wait_worker()
    assert ["drained"] == _blocked(mortal, target)


def _blocked(fleet: FleetProgram, target: str) -> list[str]:
    """Why *target* is not asked, as the services of the gateway tell it."""
    status, body = get(fleet.admin_port, "/services/far")
    assert 200 == status
    return next(found["blocked"] for found in json.loads(body)["targets"] if found["target"] in target)


def test_signals_change_the_number_of_workers(mortal: FleetProgram):
    """TTIN is one more, TTOU one less; never fewer than one."""
    fleet = mortal
    fleet.signal(signal.SIGTTIN)
    fleet.wait_line("3 workers")
    third = fleet.pids[3]
    fleet.signal(signal.SIGTTOU)
    wait_gone([third])
    fleet.signal(signal.SIGTTOU)
    fleet.signal(signal.SIGTTOU)
    wait_gone([fleet.pids[2]])
    assert 200 == get(fleet.port)[0]
    fleet.signal(signal.SIGTTIN)
    fleet.wait_worker()
