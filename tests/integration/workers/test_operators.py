"""What operators may ask of a gateway of several workers, each call with what a client sees of it."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.program import PATIENCE_S
from tests.integration.workers.conftest import Start
from tests.integration.workers.fleet import FleetProgram, write_config
from vizgate.cli.main import main

_MORE = "observe: {access_log: 'off', audit_log: {to: audit.log}}"


def ask(fleet: FleetProgram, method: str, path: str, said: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Status and JSON of the admin listener's answer."""
    connection = HTTPConnection("127.0.0.1", fleet.admin_port, timeout=PATIENCE_S)
    try:
        fields = {"Content-Type": "application/json", "Connection": "close"}
        connection.request(method, path, None if said is None else json.dumps(said), fields)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def statuses(fleet: FleetProgram) -> set[int]:
    """What clients get, of either worker with near certainty."""
    return {fleet.get("/x")[0] for _ in range(12)}


def test_every_worker_does_what_an_operator_says(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And there is one answer, and one line of the audit log."""
    file = write_config(tmp_path, more=_MORE)
    fleet = start(str(file)).wait_ready()
    status = ask(fleet, "GET", "/status")[1]
    assert sorted(fleet.pids.values()) == sorted(worker["pid"] for worker in status["workers"])
    assert (str(file), "ready") == (status["config"]["source"], status["phase"])

    assert 200 == ask(fleet, "PUT", "/blocks/127.0.0.1", {"for": "1h"})[0]
    assert {403} == statuses(fleet)
    assert 200 == ask(fleet, "DELETE", "/blocks/127.0.0.1")[0]
    assert {200} == statuses(fleet)

    # The supervisor has a log, too: with two workers that makes three.
    assert "debug" == ask(fleet, "PUT", "/log-level", {"level": "debug", "for": "5m"})[1]["level"]
    for _ in range(3):
        fleet.wait_line("the log level is debug until")

    assert ("draining", 503) == (ask(fleet, "POST", "/drain")[1]["phase"], ask(fleet, "GET", "/readiness")[0])
    assert ("ready", 200) == (ask(fleet, "POST", "/undrain")[1]["phase"], ask(fleet, "GET", "/readiness")[0])

    write_config(tmp_path, word="second", more=_MORE)
    code = main(["reload", "--admin", f"127.0.0.1:{fleet.admin_port}"])
    assert (0, True) == (code, "1 change" in capsys.readouterr().out)
    file.write_text("routes: [{}]")
    refused, problem = ask(fleet, "POST", "/reload")
    assert (422, {200}) == (refused, statuses(fleet))
    assert problem["problems"]
    assert problem["problems"][0] in ask(fleet, "GET", "/status")[1]["config"]["failure"]

    lines = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert ["block", "unblock", "change_log_level", "drain", "undrain", "reload", "reload"] == [
        line["operation"] for line in lines
    ]
    assert ["done"] * 6 + ["refused"] == [line["result"] for line in lines]
