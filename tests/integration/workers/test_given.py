"""Listening sockets that whoever starts the gateway has opened."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.program import PATIENCE_S, get
from tests.integration.workers.fleet import FleetProgram, write_config


@pytest.fixture
def opened() -> Iterator[socket.socket]:
    """A listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.set_inheritable(True)
        yield sock


@pytest.mark.parametrize("workers", [1, 2])
def test_socket_by_number_takes_the_place_of_a_listener(tmp_path: Path, opened: socket.socket, workers: int):
    """``--fd`` serves on a socket that is open already, and leaves it open for whoever has it, too."""
    config, fd = write_config(tmp_path, workers=workers), opened.fileno()
    with FleetProgram(["serve", str(config), "--fd", str(fd)], tmp_path, pass_fds=[fd]) as fleet:
        fleet.wait_ready()
        assert opened.getsockname()[1] == fleet.port
        assert 200 == get(fleet.port)[0]
        fleet.signal(signal.SIGTERM)
        assert 0 == fleet.wait_end()[0]
    client = socket.create_connection(opened.getsockname(), PATIENCE_S)
    accepted, _ = opened.accept()
    accepted.close()
    client.close()


def test_systemd_gives_a_socket_by_name_and_is_told(tmp_path: Path, opened: socket.socket):
    """The socket of a unit takes the place of the entry with its name; systemd hears of start, reload and stop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        config = write_config(tmp_path, listen="['127.0.0.1:0', {address: '127.0.0.1:1', name: public}]", workers=2)
        # As systemd does: LISTEN_PID is of the process itself, and its sockets begin with 3.
        begin = (
            f"import os, sys; os.dup2({opened.fileno()}, 3); os.environ['LISTEN_PID'] = str(os.getpid());"
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        environment = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "public", "NOTIFY_SOCKET": str(tmp_path / "notify")}
        with FleetProgram(
            ["serve", str(config)], tmp_path, [sys.executable, "-c", begin],
            env=environment | {"WATCHDOG_USEC": "10000000"}, pass_fds=[opened.fileno()],
        ) as fleet:  # fmt: skip
            fleet.wait_line("listening on")
            fleet.wait_ready()
            assert opened.getsockname()[1] == fleet.port
            assert 200 == get(fleet.port)[0]
            assert b"READY=1" == systemd.recv(100)
            assert b"WATCHDOG=1" == systemd.recv(100)
            fleet.signal(signal.SIGHUP)
            assert _next(systemd).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert b"READY=1" == _next(systemd)
            fleet.signal(signal.SIGTERM)
            assert b"STOPPING=1" == _next(systemd)
            assert 0 == fleet.wait_end()[0]


def _next(systemd: socket.socket) -> bytes:
    """The next message that is not about the watchdog."""
    while (message := systemd.recv(100)) == b"WATCHDOG=1":
        pass
    return message


def test_file_that_is_no_socket_is_refused(tmp_path: Path):
    """What cannot be accepted from is told, and the gateway does not start."""
    with (tmp_path / "file").open("wb") as file:
        fd = file.fileno()
        arguments = ["serve", str(write_config(tmp_path)), "--fd", str(fd)]
        with FleetProgram(arguments, tmp_path, pass_fds=[fd]) as fleet:
            code, lines = fleet.wait_end()
    assert 3 == code
    assert [f"vizgate: --fd: descriptor {fd} is no socket. Give listening stream sockets"] == lines
