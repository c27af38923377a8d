"""``vizgate serve`` and ``vizgate proxy`` as processes: what they print, how they obey signals, how they end."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.integration.cli.program import (
    PATIENCE_S,
    Program,
    SlowUpstream,
    get,
    is_refused,
    wait_until,
)

Start = Callable[..., Program]
Config = Callable[..., Path]


class SlowRequest:
    """A request for /slow that is under way in a thread."""

    def __init__(self, port: int, upstream: SlowUpstream) -> None:
        self.result: tuple[int, bytes] | None = None
        self.error: Exception | None = None
        self._port = port
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        upstream.wait_request()

    def _run(self) -> None:
        try:
            self.result = get(self._port, "/slow")
        except (OSError, HTTPException) as exc:
            self.error = exc

    def wait(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


def test_serve_tells_what_it_serves_and_where(start: Start, config: Config):
    """Where clients connect, where the admin listener is, how much is served, and by what."""
    program = start("serve", config())
    port = program.wait_port()
    admin = program.wait_line(r"admin on http://127\.0\.0\.1:(\d+) \(/health /liveness /readiness /metrics\)")
    program.wait_line(r"HTTP/1\.1 by (httptools|h11), event loop (uvloop|asyncio), CPython 3\.")
    assert "serves " in program.lines[0]
    assert program.lines[0].endswith(": 2 routes, 2 services, 1 target")
    assert 200 == get(port)[0]
    assert 200 == get(int(admin[1]), "/readiness")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_signal_ends_it_with_0(start: Start, config: Config, number):
    """An idle gateway stops when it is told to, also with connections that are kept open."""
    program = start("serve", config())
    port = program.wait_serving()
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as kept:
        kept.request("GET", "/")
        kept.getresponse().read()
        program.signal(number)
        assert 0 == program.wait_end()[0]


def test_serve_writes_access_log_to_standard_output_only(start: Start, config: Config):
    """Standard output is one JSON line per request and nothing else."""
    program = start("serve", config())
    port = program.wait_serving()
    assert [200, 200] == [get(port, "/a")[0], get(port, "/b")[0]]
    program.signal(signal.SIGTERM)
    program.wait_end()
    records = [json.loads(line) for line in program.stdout.read_text("utf-8").splitlines()]
    assert ["echo", "echo"] == [record["service"] for record in records]


def test_serve_sigterm_lets_request_in_flight_end(start: Start, config: Config, upstream: SlowUpstream):
    """Told to stop, it takes no new connection, finishes what it has begun, and leaves with 0."""
    program = start("serve", config(upstream.url))
    port = program.wait_serving()
    slow = SlowRequest(port, upstream)
    program.signal(signal.SIGTERM)
    program.wait_line(r"SIGTERM: no new connections; requests in flight may take 30 s more")
    wait_until(lambda: is_refused(port))
    assert slow.result is None
    upstream.answer(b"after all")
    slow.wait()
    assert (200, b"after all") == slow.result
    assert (0, ["vizgate: stopped"]) == program.wait_end()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_second_signal_stops_at_once(start: Start, config: Config, upstream: SlowUpstream, number, code):
    """A second signal does not wait for anybody, and the exit code tells that it was not graceful."""
    program = start("serve", config(upstream.url))
    port = program.wait_serving()
    slow = SlowRequest(port, upstream)
    program.signal(number)
    program.wait_line("no new connections")
    program.signal(number)
    found, lines = program.wait_end()
    assert (code, f"vizgate: {number.name} again: stopped at once") == (found, lines[0])
    slow.wait()
    assert slow.error is not None


def test_serve_drain_is_bounded_by_shutdown_timeout(start: Start, config: Config, upstream: SlowUpstream):
    """A request that does not end is cut after ``server.shutdown_timeout``; that is still a graceful stop."""
    file = config(upstream.url)
    file.write_text(file.read_text("utf-8").replace("admin:", "shutdown_timeout: 100ms, admin:"), "utf-8")
    program = start("serve", file)
    slow = SlowRequest(program.wait_serving(), upstream)
    program.signal(signal.SIGTERM)
    program.wait_line(r"1 connections? cut after 0\.1 s")
    assert 0 == program.wait_end()[0]
    slow.wait()
    assert slow.error is not None


def test_serve_sighup_reloads(start: Start, config: Config):
    """HUP reads the file again; one that cannot be used changes nothing, and every problem is told."""
    file = Path(config())
    program = start("serve", str(file))
    port = program.wait_serving()
    file.write_text(file.read_text() + "surplus: 1\n")
    program.signal(signal.SIGHUP)
    program.wait_line("was not reloaded, and the one before serves on: .*surplus")
    assert 200 == get(port)[0]
    file.write_text(file.read_text().replace("surplus: 1\n", ""))
    program.signal(signal.SIGHUP)
    program.wait_line("was reloaded")
    assert 200 == get(port)[0]


def test_serve_sigusr1_opens_access_log_again(start: Start, config: Config, tmp_path: Path):
    """After a rotation the log goes on in a new file, and no line is lost."""
    program = start("serve", config(more="observe: {access_log: {to: access.log}}\n"))
    port = program.wait_serving()
    log, rotated = tmp_path / "access.log", tmp_path / "access.log.1"
    assert 200 == get(port)[0]
    log.rename(rotated)
    program.signal(signal.SIGUSR1)
    sent = 1

    def new_file_is_there() -> bool:
        nonlocal sent
        sent += get(port)[0] == 200
        return log.exists()

    wait_until(new_file_is_there)
    program.signal(signal.SIGTERM)
    assert 0 == program.wait_end()[0]
    assert sent == sum(len(path.read_text("utf-8").splitlines()) for path in (log, rotated))


def test_serve_taken_port_exits_with_3(start: Start, config: Config):
    """A port that is taken is one line that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = start("serve", config(), "--listen", f"127.0.0.1:{port}")
        code, lines = program.wait_end()
    assert (3, 1) == (code, len(lines))
    assert lines[0].startswith(f"vizgate: cannot listen on 127.0.0.1:{port}: ")
    assert "in use" in lines[0].lower()


def test_serve_bad_configuration_exits_with_3_and_all_problems(start: Start, tmp_path: Path):
    """Every problem is told before it gives up."""
    (tmp_path / "vizgate.yaml").write_text(
        "version: 1\nserver: {listen: 8080}\nroutes: [{match: {path: x}, service: y}]\n", "utf-8"
    )
    code, lines = start("serve").wait_end()
    assert 3 == code
    assert ["vizgate.yaml:2:18", "vizgate.yaml:3:25", "vizgate.yaml:3:38"] == [line.split(" ")[0] for line in lines]


def test_serve_listen_option_replaces_addresses(start: Start, config: Config):
    """``--listen`` wins over the file and may be repeated."""
    program = start("serve", config(), "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    ports = [program.wait_port(), program.wait_port()]
    program.wait_line("event loop")
    assert 2 == len(set(ports))
    assert [200, 200] == [get(port)[0] for port in ports]


def test_serve_finds_middleware_beside_the_file(start: Start, config: Config, tmp_path: Path):
    """A module in the folder of the configuration can be named in it, whatever the working directory is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "own_middleware.py").write_text(
        "from vizgate import Middleware\n\n\nclass Teapot(Middleware):\n"
        "    async def __call__(self, request, forward):\n"
        "        response = await forward(request)\n        response.status = 418\n        return response\n", "utf-8",
    )  # fmt: skip
    file = folder / "gateway.yaml"
    file.write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: off}\nservices: {echo: {builtin: echo}}\n"
        "routes: [{match: {path: /*}, service: echo, middleware: [{use: 'own_middleware:Teapot'}]}]\n", "utf-8",
    )  # fmt: skip
    program = start("serve", file)
    assert 418 == get(program.wait_serving())[0]


def test_serve_signal_while_starting_ends_it(start: Start, tmp_path: Path):
    """A start that hangs can be given up; nothing was served, so nothing is lost."""
    (tmp_path / "hanging.py").write_text(
        "import asyncio, sys\nfrom vizgate import Middleware\n\n\nclass Hang(Middleware):\n    async def start(self):\n"
        "        print('hanging', file=sys.stderr, flush=True)\n        await asyncio.Event().wait()\n", "utf-8",
    )  # fmt: skip
    (tmp_path / "vizgate.yaml").write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: off}\nservices: {echo: {builtin: echo}}\n"
        "routes: [{match: {path: /*}, service: echo, middleware: [{use: 'hanging:Hang'}]}]\n", "utf-8",
    )  # fmt: skip
    program = start("serve")
    program.wait_line("hanging")
    program.signal(signal.SIGTERM)
    assert (0, []) == program.wait_end()


def test_serve_failed_start_of_middleware_exits_with_3(start: Start, tmp_path: Path):
    """A middleware that cannot start is named, and the program ends."""
    (tmp_path / "failing.py").write_text(
        "from vizgate import Middleware\n\n\nclass Fail(Middleware):\n    async def start(self):\n"
        "        raise OSError('no such thing')\n", "utf-8",
    )  # fmt: skip
    (tmp_path / "vizgate.yaml").write_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: off}\nservices: {echo: {builtin: echo}}\n"
        "routes: [{match: {path: /*}, service: echo, middleware: [{use: 'failing:Fail'}]}]\n", "utf-8",
    )  # fmt: skip
    code, lines = start("serve").wait_end()
    assert (3, ["vizgate: middleware failing:Fail failed to start: OSError: no such thing"]) == (code, lines)


def test_proxy_forwards_to_its_service(start: Start, upstream: SlowUpstream):
    """Without a file: one service, its path as it came, and no admin listener unless asked for."""
    program = start("proxy", "--to", upstream.url, "--listen", "127.0.0.1:0")
    port = program.wait_port()
    program.wait_line("admin off")
    program.wait_line("event loop")
    found: list[tuple[int, bytes]] = []
    client = threading.Thread(target=lambda: found.append(get(port, "/a/b?c=d")))
    client.start()
    head = upstream.wait_request()
    upstream.answer(b"there")
    client.join(PATIENCE_S)
    assert [(200, b"there")] == found
    assert head.startswith(b"GET /a/b?c=d HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % port in head
    assert program.lines[0].startswith("vizgate ")
    assert f"serves {upstream.url}: 1 route, 1 service, 1 target" in program.lines[0]


def test_proxy_options_reach_the_gateway(start: Start, upstream: SlowUpstream):
    """``--host-header target`` sends the service its own name, ``--admin`` opens the admin listener."""
    program = start("proxy", "--to", upstream.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                    "--host-header", "target")  # fmt: skip
    port = program.wait_port()
    admin = int(program.wait_line(r"admin on http://127\.0\.0\.1:(\d+)")[1])
    program.wait_line("event loop")
    client = threading.Thread(target=lambda: get(port))
    client.start()
    head = upstream.wait_request()
    upstream.answer()
    client.join(PATIENCE_S)
    assert b"\r\nHost: %b\r\n" % upstream.url.removeprefix("http://").encode() in b"\r\n" + head.partition(b"\r\n")[2]
    assert 200 == get(admin, "/health")[0]
