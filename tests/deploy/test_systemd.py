"""The units: what systemd says of them, and what they have to agree about with the gateway."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.cli.program import get, is_refused
from tests.integration.installed import free_port, program
from vizgate.config.model import ServerConfig

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"


def read(name: str) -> dict[str, list[str]]:
    """The settings of a unit by name, each with all its values: a unit may say the same one twice."""
    found = defaultdict(list)
    for line in (SYSTEMD / name).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


SERVICE, SOCKET = read("vizgate.service"), read("vizgate.socket")


@pytest.mark.system
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """``systemd-analyze verify`` has nothing to say about them."""
    for name in ("vizgate.service", "vizgate.socket"):
        text = (SYSTEMD / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/vizgate/bin/vizgate", sys.executable))
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", *map(str, tmp_path.iterdir())]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.system
def test_service_is_confined() -> None:
    """Systemd's own measure of what a service may do to the machine: below 2 of 10, "OK"."""
    command = [program("systemd-analyze", "systemd"), "security", "--offline=true", "--threshold=20",
               str(SYSTEMD / "vizgate.service")]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert 0 == done.returncode, done.stdout[-500:] + done.stderr


def test_service_says_each_setting_once() -> None:
    """A second value would silently win, but for lists."""
    assert {"SystemCallFilter"} == {key for key, values in SERVICE.items() if len(values) > 1}


def test_signals_are_those_of_the_gateway() -> None:
    """HUP reloads, TERM to the supervisor alone drains."""
    assert ["/bin/kill -HUP $MAINPID"] == SERVICE["ExecReload"]
    assert (["SIGTERM"], ["mixed"]) == (SERVICE["KillSignal"], SERVICE["KillMode"])


def test_stop_waits_longer_than_the_gateway() -> None:
    """Requests in flight have the default ``server.shutdown_timeout``, and some seconds more."""
    assert int(SERVICE["TimeoutStopSec"][0]) > ServerConfig().shutdown_timeout + 5


def test_files_are_enough_for_the_connections() -> None:
    """Twice the default ``server.limits.connections`` and more: a request has a connection to a target, too."""
    assert int(SERVICE["LimitNOFILE"][0]) > 2 * ServerConfig().limits.connections


def test_socket_is_where_the_gateway_listens() -> None:
    """A socket unit goes with the service of the same name; its backlog is no shorter than the gateway's own."""
    assert ["0.0.0.0:8080"] == SOCKET["ListenStream"]
    assert "Service" not in SOCKET


@pytest.mark.slow
def test_service_tells_systemd_when_it_serves(tmp_path: Path) -> None:
    """What the unit starts says READY=1 once it accepts, and STOPPING=1 when it drains, as ``Type=notify`` needs."""
    config = tmp_path / "vizgate.yaml"
    config.write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: off, workers: 2}\n"
        "services: {echo: {builtin: echo}}\nroutes: [{match: {path: /*}, service: echo}]\n"
    )
    words = SERVICE["ExecStart"][0].replace("/etc/vizgate/vizgate.yaml", str(config)).split()[1:]
    with TemporaryDirectory(prefix="vg") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{folder}/notify")  # the kernel has room for 107 bytes
        systemd.settimeout(30.0)
        env = {**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"}
        with subprocess.Popen([sys.executable, "-m", "vizgate", *words], env=env, stderr=subprocess.DEVNULL) as process:
            try:
                assert b"READY=1" == systemd.recv(4096)
                process.send_signal(signal.SIGTERM)
                assert b"STOPPING=1" == systemd.recv(4096)
                assert 0 == process.wait(30.0)
            finally:
                process.kill()


@pytest.mark.slow
@pytest.mark.system
def test_socket_of_systemd_takes_the_place_of_listen(tmp_path: Path) -> None:
    """A client that came before the gateway is answered; ``server.listen`` is not listened on; TERM ends it with 0."""
    given, own = free_port(), free_port()
    config = tmp_path / "vizgate.yaml"
    config.write_text(
        f"version: 1\nserver: {{listen: '127.0.0.1:{own}', admin: off}}\n"
        "services: {echo: {builtin: echo}}\nroutes: [{match: {path: /*}, service: echo}]\n"
    )
    activate = program("systemd-socket-activate", "systemd")
    words = [activate, "--listen", f"127.0.0.1:{given}", sys.executable, "-m", "vizgate", "serve", str(config)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr is not None
            process.stderr.readline()  # it listens; the gateway begins when somebody connects
            assert 200 == get(given, "/early")[0]
            assert is_refused(own)
            process.terminate()
            assert process.stderr.read().endswith("vizgate: stopped\n")
            assert 0 == process.wait(30.0)
        finally:
            process.kill()
