"""What comes at a bad moment: signals during the start and at the end, descriptors that are closed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.program import Program, get
from tests.integration.workers.fleet import FleetProgram, wait_gone, write_config

Start = Callable[..., FleetProgram]

_IMPATIENT = '''
import os
import signal
from contextlib import suppress
from pathlib import Path

from vizgate import Middleware


class Impatient(Middleware):
    """Has the supervisor reload and start one worker more, while the first worker begins."""

    async def start(self):
        with suppress(FileExistsError):
            Path(__file__).with_name("first").mkdir()
            fork_server = Path(f"/proc/{os.getppid()}/stat").read_text()
            supervisor = int(fork_server.rpartition(")")[2].split()[1])
            os.kill(supervisor, signal.SIGTTIN)
            os.kill(supervisor, signal.SIGHUP)
'''


def test_signals_during_the_start_are_obeyed_once_it_is_over(start: Start, tmp_path: Path):
    """Neither is the start given up, nor are there more workers than there should be."""
    (tmp_path / "impatient.py").write_text(_IMPATIENT, "utf-8")
    path, text = write_config(tmp_path), 'middleware: [{use: "telltale:Telltale", word: "first"}]'
    path.write_text(path.read_text("utf-8").replace(text, "middleware: [{use: 'impatient:Impatient'}]"), "utf-8")
    fleet = start(path)
    fleet.wait_ready()
    for pattern in ("3 workers", "was reloaded"):
        if not any(pattern in line for line in fleet.lines):
            fleet.wait_line(pattern)
    assert 3.0 == fleet.metrics()["vizgate_workers"]
    assert {1, 2, 3} == fleet.pids.keys()
    assert 3 == sum(" serves (process" in line for line in fleet.lines)
    fleet.signal(signal.SIGTERM)
    assert 0 == fleet.wait_end()[0]
    wait_gone(list(fleet.pids.values()))


@pytest.mark.parametrize("workers", [1, 2])
def test_program_without_standard_descriptors_ends_well_whatever_comes_too_late(tmp_path: Path, workers: int):
    """A program whose standard input and output are closed serves; a HUP at the end does not end it in its own way."""
    path = write_config(tmp_path, workers=workers)
    with Program(["serve", str(path)], tmp_path, ["/bin/sh", "-c", 'exec "$@" <&- >&-', "sh"]) as program:
        assert 200 == get(program.wait_serving(), "/")[0]
        program.signal(signal.SIGTERM)
        program.wait_line("no new connections")
        while program.process.poll() is None:
            program.signal(signal.SIGHUP)
        assert 0 == program.process.returncode
