from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

pytest.register_assert_rewrite("tests.integration.cli.program", "tests.integration.workers.fleet")
from tests.integration.workers.fleet import FleetProgram, write_config  # noqa: E402  # after the line above

Start = Callable[..., FleetProgram]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ``vizgate serve`` with arguments; whatever still runs at the end is killed, and its workers end."""
    running: list[FleetProgram] = []

    def call(*arguments: str | Path) -> FleetProgram:
        program = FleetProgram(["serve", *(str(argument) for argument in arguments)], tmp_path)
        running.append(program)
        return program

    yield call
    for program in running:
        program.__exit__(None, None, None)


class _Named(BaseHTTPRequestHandler):
    """Says its port."""

    def do_GET(self) -> None:  # the name that the base class asks for
        body = str(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def upstreams() -> Iterator[list[str]]:
    """The URLs of two servers that say which of them they are."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Named) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, upstreams: list[str], authority: trustme.CA
) -> Iterator[FleetProgram]:
    """Two workers that nobody kills, on a port, a Unix socket and a port with TLS."""
    folder = tmp_path_factory.mktemp("fleet")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    more = (
        "  - {match: {path: /limited}, service: echo, limit: ten}\n"
        "limits: {ten: {algorithm: fixed_window, rate: 10/1h, key: ip}}\n"
        f"observe: {{access_log: {{to: {folder / 'access.log'}}}, audit_log: {{to: {folder / 'audit.log'}}}}}"
    )
    listen = (
        f"['127.0.0.1:0', {{address: 'unix:{folder / 'socket'}'}},"
        f" {{address: '127.0.0.1:0', tls: {{cert: {folder / 'server.pem'}}}}}]"
    )
    path = write_config(folder, more=more, listen=listen, targets=upstreams)
    with FleetProgram(["serve", str(path)], folder) as program:
        yield program.wait_ready()
