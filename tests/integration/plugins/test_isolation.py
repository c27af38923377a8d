"""The worst that a plugin does ends its own answers, never the worker; one process serves all of it."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.program import Program, get, wait_until

HERE = Path(__file__).parent
MODULE = "bad_plugins"
ERRORS = ["error", "exit", "interrupt", "cancellation"]
#: Paths and what they do, by the status that their client sees; 0 for an answer that breaks off.
ANSWERS = {
    **{f"/call/{error}": 500 for error in ERRORS},
    **{f"/first_byte/{error}": 0 for error in ERRORS},
    **{f"/body/{error}": 0 for error in ERRORS},
    **{f"/callback/{error}": 200 for error in ERRORS},
    "/fields/error": 500,
    "/odd_body/error": 500,
    "/state/error": 500,
    "/target/error": 500,
    "/twice/error": 200,
    "/authenticator": 500,
    "/balancer": 500,
}
#: Answers that never end, made without ever waiting.
ENDLESS = ["/flood/error", "/nothing/error"]


def middleware_route(path: str) -> dict[str, Any]:
    does, raises = path.split("/")[1:]
    entry = {"use": f"{MODULE}:Bad", "does": does, "raises": raises}
    return {"match": {"path": path}, "service": "echo", "middleware": [entry]}


def configuration() -> str:
    routes = [
        middleware_route(path) for path in [*ANSWERS, *ENDLESS, "/block/error", "/deaf/error"] if path.count("/") == 2
    ]
    routes += [
        {"match": {"path": "/good"}, "service": "echo"},
        {"match": {"path": "/authenticator"}, "service": "echo", "auth": "bad"},
        {"match": {"path": "/balancer"}, "service": "bad"},
    ]
    targets = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    return json.dumps({
        "version": 1,
        "server": {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "shutdown_timeout": "0s"},
        "services": {
            "echo": {"builtin": "echo"},
            "bad": {"targets": targets, "balancer": {"use": f"{MODULE}:BadBalancer"}},
        },
        "auth": {"bad": {"kind": f"{MODULE}:BadAuthenticator"}},
        "routes": routes,
        "plugins": [{"use": f"{MODULE}:BadService"}],
        "observe": {"sinks": [{"use": f"{MODULE}:BadSink", "every": "10ms"}], "loop_lag": {"warn": "100ms"}},
    })  # fmt: skip


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, int, int]]:
    """The program, its port and that of its admin listener."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "vizgate.yaml").write_text(configuration(), "utf-8")
    (folder / f"{MODULE}.py").write_text((HERE / f"{MODULE}.py").read_text("utf-8"), "utf-8")
    with Program(["serve"], folder) as program:
        port = program.wait_port()
        admin = int(program.wait_line(r"admin on http://127\.0\.0\.1:(\d+)")[1])
        yield program, port, admin


def status_of(port: int, path: str) -> int:
    try:
        return get(port, path)[0]
    except OSError:
        return 0
    except HTTPException:  # half an answer
        return 0


@pytest.mark.parametrize("path", ANSWERS)
def test_worst_plugin_leaves_the_worker_alive(gateway: tuple[Program, int, int], path: str) -> None:
    """Each answer that a plugin spoils is its own; the next request is served by the same process."""
    program, port, _ = gateway
    assert ANSWERS[path] == status_of(port, path)
    assert 200 == get(port, "/good")[0]
    assert program.process.poll() is None


@pytest.mark.parametrize("path", ENDLESS)
def test_endless_answer_leaves_the_loop_to_others(gateway: tuple[Program, int, int], path: str) -> None:
    """Others are served while a client reads it, or reads no more; once it has left, nobody goes on with the answer."""
    _, port, admin = gateway
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        assert 200 == get(port, "/good")[0]
    wait_until(lambda: b"\nvizgate_requests_active 0.0\n" in get(admin, "/metrics")[1])


def test_faults_are_counted_by_plugin_and_stage(gateway: tuple[Program, int, int]) -> None:
    """Everything that went wrong stands in the metrics, that of sinks and services, too."""
    _, port, admin = gateway
    status_of(port, "/call/error")
    status_of(port, "/authenticator")
    status_of(port, "/body/exit")
    text = get(admin, "/metrics")[1].decode()
    found = re.findall(
        r'^vizgate_plugin_errors_total\{plugin="bad_plugins:(\w+)",stage="(\w+)"\} \d', text, re.MULTILINE
    )
    assert {("Bad", "call"), ("Bad", "answer"), ("BadAuthenticator", "call"), ("BadService", "run")} <= set(found)
    assert "0.0" == re.findall(r"^vizgate_requests_active (\S+)$", text, re.MULTILINE)[0]


def test_plugin_that_blocks_the_loop_is_named(gateway: tuple[Program, int, int]) -> None:
    """On whatever loop the program runs."""
    program, port, _ = gateway
    assert 200 == get(port, "/block/error")[0]
    program.wait_line(r"the event loop stood still for \d+\.\d+ s.*: plugin bad_plugins:Bad, at bad_plugins:\d+")


def test_deaf_plugin_does_not_keep_the_gateway_from_stopping(gateway: tuple[Program, int, int]) -> None:
    """The last test of this file: what ignores its cancellation is left behind, and named; no secret was told."""
    program, port, _ = gateway
    with socket.create_connection(("127.0.0.1", port), 5) as hanging:
        hanging.sendall(b"GET /deaf/error HTTP/1.1\r\nHost: a\r\n\r\n")
        while 200 != get(port, "/good")[0]:
            pass
        program.signal(signal.SIGTERM)
        code, lines = program.wait_end()
    assert 0 == code
    told = "\n".join([*program.lines, *lines])
    assert "is left behind: bad_plugins:" in told
    assert "in Bad.deaf" in told
