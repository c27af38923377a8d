"""The access log tells the truth: one line for every request that was read, with what became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.harness import RigFactory, get, post, wire
from vizgate.testing.steps import answer, close, read_head, read_request, reset, send, stall
from vizgate.testing.upstream_connection import End


class Log:
    """The file that the gateway under test logs to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config: dict[str, Any] = {"observe.access_log": {"format": "json", "to": str(path)}}

    def lines(self) -> list[dict[str, Any]]:
        """The lines, once the gateway has stopped."""
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]

    def only(self) -> dict[str, Any]:
        """The one line there is."""
        lines = self.lines()
        assert 1 == len(lines), lines
        return lines[0]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "access.log")


async def test_log_line_of_a_plain_exchange(rig: RigFactory, log: Log) -> None:
    """Method, target, status, sizes, route, service and upstream are those of the exchange."""
    async with rig(config=log.config) as running:
        response = await running.ask(post("Content-Length: 5", "User-Agent: test/1", target="/x?y=1", body="hello"))
        upstream = f"127.0.0.1:{running.upstream.port}"
    line = log.only()
    assert ("POST", 200, 5, 2) == (line["method"], line["status"], line["bytes_in"], line["bytes_out"])
    assert ("origin", "origin", 1) == (line["route"], line["service"], line["attempts"])
    assert upstream in line["upstream"]
    assert line["path"].startswith("/x")
    assert ("127.0.0.1", "test/1") == (line["client"], line["user_agent"])
    assert line["request_id"].encode() == response.get(b"x-request-id")


async def test_log_has_one_line_for_each_request_of_a_connection(rig: RigFactory, log: Log) -> None:
    """Persistent and pipelined requests are told one by one, in order."""
    async with rig(config=log.config) as running:
        raw = b"".join(get(target=f"/{number}") for number in range(9)) + get("Connection: close", target="/local")
        await running.play(raw, count=10, probe=False)
    assert [*[f"/{number}" for number in range(9)], "/local"] == [line["path"] for line in log.lines()]


@pytest.mark.parametrize(
    ("target", "status"), [("/local", 200), ("/admin", 403), ("/admin/x", 403)], ids=["respond", "denied", "tree"]
)
async def test_log_of_local_answer(rig: RigFactory, log: Log, target: str, status: int) -> None:
    """An answer of the gateway itself names no upstream."""
    async with rig(config=log.config) as running:
        await running.ask(get(target=target))
    line = log.only()
    assert (status, None) == (line["status"], line["upstream"])


BAD = [
    ("head", get("X-A : b"), 400),
    ("length", post("Content-Length: x"), 400),
    ("target", get(target="/" + "a" * 20_000), 414),
    ("fields", get(*["X: y"] * 200), 431),
    ("version", wire("GET /x HTTP/2.0", "Host: a.example"), 505),
    ("method", wire("TRACE /x HTTP/1.1", "Host: a.example"), 501),
    ("body", post("Content-Length: 99999999"), 413),
]


@pytest.mark.parametrize(("raw", "status"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_log_of_refused_request(rig: RigFactory, log: Log, raw: bytes, status: int) -> None:
    """A request that was refused leaves a line with the status that the client got."""
    async with rig(config=log.config) as running:
        assert status == (await running.ask(raw, method="GET")).status
    line = log.only()
    assert status == line["status"]
    assert line["termination"] in ("bad_request", "local")


FAILURES = [
    ("garbage", [read_request(), send(b"garbage\r\n\r\n"), close()], 502, "upstream_invalid"),
    ("reset", [read_request(), reset()], 502, "upstream_reset"),
    ("closed", [read_request(), close()], 502, "upstream_reset"),
]


@pytest.mark.parametrize(("script", "status", "flag"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_log_of_failed_upstream(rig: RigFactory, log: Log, script: list[Any], status: int, flag: str) -> None:
    """What the client was told and why."""
    async with rig(script, config=log.config) as running:
        assert status == (await running.ask(post("Content-Length: 0"))).status
    line = log.only()
    assert (status, flag) == (line["status"], line["termination"])


async def test_log_of_silent_upstream(rig: RigFactory, log: Log) -> None:
    """504 and a timeout of the upstream."""
    config = {**log.config, "services.origin.timeouts": {"response": "200ms"}}
    async with rig([read_request(), stall()], config=config) as running:
        assert 504 == (await running.ask(get())).status
    line = log.only()
    assert (504, "upstream_timeout") == (line["status"], line["termination"])
    assert line["duration_ms"] >= 180


async def test_log_of_cut_response(rig: RigFactory, log: Log) -> None:
    """The status is what was sent; the flag says that the body was cut; the bytes are those that went out."""
    cut = wire("HTTP/1.1 200 OK", "Content-Length: 10", body="hello")
    async with rig([read_request(), send(cut), reset()], config=log.config) as running, running.client() as client:
        await client.send(get())
        await client.read_to_end()
    line = log.only()
    assert line["status"] in (200, 502)
    assert "upstream_reset" == line["termination"]


@pytest.mark.parametrize("leave", ["close", "reset"])
async def test_log_of_client_that_left_before_the_answer(rig: RigFactory, log: Log, leave: str) -> None:
    """499: nothing was sent, the client is to blame."""
    async with rig([read_request(), stall()], config=log.config) as running, running.client() as client:
        await client.send(get())
        await running.upstream.wait_for(lambda: bool(running.upstream.complete_requests))
        client.reset() if leave == "reset" else client.close()
        await running.upstream.wait_quiet(2.0)
    line = log.only()
    assert (499, "client_abort") == (line["status"], line["termination"])


async def test_log_of_client_that_left_inside_the_answer(rig: RigFactory, log: Log) -> None:
    """The status had been sent; the flag says who ended it."""
    part = wire("HTTP/1.1 200 OK", "Content-Length: 100", body="hello")
    async with rig([read_request(), send(part), stall()], config=log.config) as running, running.client() as client:
        await client.send(get())
        await client.read_until(b"hello")
        client.reset()
        await running.upstream.wait_quiet(2.0)
    line = log.only()
    assert line["status"] in (200, 499)
    assert "client_abort" == line["termination"]


async def test_log_of_client_that_left_inside_its_body(rig: RigFactory, log: Log) -> None:
    """An upload that broke off is the client's doing."""
    async with rig([read_head(), stall()], config=log.config) as running, running.client() as client:
        await client.send(post("Content-Length: 100", body="hello"))
        await running.upstream.wait_for(lambda: bool(running.upstream.requests))
        client.reset()
        await running.upstream.wait_quiet(2.0)
    line = log.only()
    assert (499, "client_abort") == (line["status"], line["termination"])


async def test_log_of_slow_client(rig: RigFactory, log: Log) -> None:
    """An upload that stalls is 408, with the client's timeout as the reason."""
    config = {**log.config, "server.limits.body_idle": "200ms"}
    async with rig([read_head(), stall()], config=config) as running:
        assert 408 == (await running.ask(post("Content-Length: 100", body="hello"))).status
    line = log.only()
    assert (408, "client_timeout") == (line["status"], line["termination"])


async def test_log_of_broken_body(rig: RigFactory, log: Log) -> None:
    """A fault inside a body is told, too."""
    async with rig(config=log.config) as running:
        seen = await running.play(post("Transfer-Encoding: chunked", body="x\r\n"))
        assert [400] == seen.statuses
    line = log.only()
    assert (400, "bad_request") == (line["status"], line["termination"])


async def test_log_of_tunnel(rig: RigFactory, log: Log) -> None:
    """An upgrade leaves one line when its tunnel has ended."""
    upgrade = wire("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", body="bye")
    async with (
        rig([read_request(), send(upgrade), close()], config=log.config) as running,
        running.client() as client,
    ):
        await client.send(get("Connection: Upgrade", "Upgrade: websocket"))
        assert 101 == (await client.read_response()).status
        await client.read_to_end()
        assert client.end is not End.OPEN
    assert 101 == log.only()["status"]


@pytest.mark.parametrize(("leave", "termination"), [("fin", "-"), ("rst", "client_abort")])
async def test_log_of_tunnel_counts_both_ways(rig: RigFactory, log: Log, leave: str, termination: str) -> None:
    """The bytes of a tunnel are those of its request and answer, and who broke it off is named."""
    upgrade = wire("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", body="bye")
    raw = get("Connection: Upgrade", "Upgrade: websocket")
    script = [read_request(), send(upgrade), stall()]
    async with rig(script, config=log.config) as running, running.client() as client:
        await client.send(raw)
        await client.read_until(b"bye")
        await client.send(b"four")
        await running.upstream.wait_for(lambda: running.upstream.connections[0].tunnelled == b"four")
        client.reset() if leave == "rst" else client.send_eof()
        await running.upstream.wait_quiet(2.0)
    line = log.only()
    assert (101, 4, 3, termination) == (line["status"], line["bytes_in"], line["bytes_out"], line["termination"])


async def test_log_of_connection_without_request_is_silent(rig: RigFactory, log: Log) -> None:
    """No request was read, so there is nothing to tell."""
    async with rig(config=log.config) as running, running.client() as client:
        client.send_eof()
        await client.read_to_end()
    assert not log.path.exists() or not log.lines()


async def test_log_escapes_what_a_client_sends(rig: RigFactory, log: Log) -> None:
    """CWE-117: one request is one line, whatever its fields and target hold."""
    async with rig(config=log.config) as running:
        await running.ask(get('User-Agent: a"\xff\x85\\n', target='/x%0aevil"?%0d%0a'))
    assert 1 == len(log.path.read_bytes().splitlines())
    assert log.only()["status"] in (200, 400)


async def test_log_of_a_torture_run_has_one_line_for_each_answer(rig: RigFactory, log: Log) -> None:
    """However good and bad requests follow each other, answers and lines agree in number and status."""
    rows = [get(), get("X-A : b"), post("Content-Length: 5", body="hello"), get(target="/local"), b"garbage\r\n\r\n",
            wire("GET /x HTTP/1.0"), post("Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n"),
            get(target="/admin"), post("Content-Length: -1")]  # fmt: skip
    statuses: list[int] = []
    async with rig([answer()], config=log.config) as running:
        for raw in rows * 5:
            seen = await running.play(raw, probe=False) if b"Content-Length: -1" in raw else None
            statuses += seen.statuses if seen else [(await running.ask(raw, method="GET")).status]
    assert statuses == [line["status"] for line in log.lines()]
