"""The application as an ASGI server sees it: scopes, lifespan, records."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

from vizgate.errors import Termination, UpstreamReset
from vizgate.gateway.asgi.http import serve_http
from vizgate.gateway.server import Gateway
from vizgate.observe.exchange import ExchangeRecord
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

CONFIG = """
version: 1
services: {echo: {builtin: echo}}
routes: [{name: all, match: {path: /*}, service: echo}]
observe: {access_log: "off"}
"""


def http_scope(path: str = "/x", **more: Any) -> dict[str, Any]:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": b"",
    }
    return {**scope, "headers": [(b"host", b"a.example")], "client": ("192.0.2.1", 5), "root_path": "", **more}


class Host:
    """Plays an ASGI server: gives *messages*, keeps what is sent."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.sent: list[Any] = []
        self.idle = asyncio.Event()

    async def receive(self) -> Any:
        if not self.messages:
            self.idle.set()
            await asyncio.Event().wait()
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.sent]


END = {"type": "http.request", "body": b"", "more_body": False}
STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


@pytest.fixture
def gateway() -> Gateway:
    return Gateway.from_text(CONFIG)


async def test_lifespan_starts_and_stops_the_parts(gateway: Gateway) -> None:
    """Startup and shutdown are answered once the parts run and have stopped; listeners stay closed."""
    host = Host(STARTUP)
    task = asyncio.create_task(gateway.asgi({"type": "lifespan"}, host.receive, host.send))
    await host.idle.wait()
    assert (True, ["lifespan.startup.complete"]) == (gateway.is_started, host.kinds)
    assert 8080 == gateway.addresses[0][1]  # the configured port, not one that is open
    task.cancel()
    await asyncio.wait([task])
    other = Host(SHUTDOWN)
    await gateway.asgi({"type": "lifespan"}, other.receive, other.send)
    assert (False, ["lifespan.shutdown.complete"]) == (gateway.is_started, other.kinds)


async def test_lifespan_startup_that_fails_says_why(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of the failure is the server's to show, and nothing is left running."""

    async def fail() -> None:
        raise OSError("no disk")

    monkeypatch.setattr(gateway, "start_parts", fail)
    host = Host(STARTUP)
    await gateway.asgi({"type": "lifespan"}, host.receive, host.send)
    assert [{"type": "lifespan.startup.failed", "message": "no disk"}] == host.sent
    assert not gateway.is_started


async def test_lifespan_block_can_be_entered_again(gateway: Gateway) -> None:
    """A test client enters an application many times; each time it serves."""
    for _ in range(2):
        async with gateway.asgi.lifespan():
            assert gateway.is_started
            host = Host(END)
            await gateway(http_scope(), host.receive, host.send)
            assert 200 == host.sent[0]["status"]
        assert not gateway.is_started


async def test_starts_and_stops_at_once_are_one(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many start and stop together, the parts start once and stop once, and a start waits for a stop."""
    calls: list[str] = []
    start_parts, stop = gateway.start_parts, gateway.stop

    async def counted_start() -> None:
        calls.append("start")
        await asyncio.sleep(0)
        await start_parts()

    async def counted_stop() -> None:
        calls.append("stop")
        await asyncio.sleep(0)
        await stop()

    monkeypatch.setattr(gateway, "start_parts", counted_start)
    monkeypatch.setattr(gateway, "stop", counted_stop)
    keeper = gateway.asgi._keeper
    await asyncio.gather(*[keeper.start() for _ in range(5)])
    assert ["start"] == calls
    stops = asyncio.gather(*[keeper.stop() for _ in range(5)])
    await asyncio.sleep(0)
    await keeper.start()
    await stops
    assert ["start", "stop", "start"] == calls
    await keeper.stop()


async def test_cancelled_request_does_not_cancel_the_start(gateway: Gateway) -> None:
    """The first request may be cancelled while the gateway starts; the second one is served."""
    host = Host(END)
    first = asyncio.create_task(gateway(http_scope(), host.receive, host.send))
    await asyncio.sleep(0)
    first.cancel()
    other = Host(END)
    await gateway(http_scope(), other.receive, other.send)
    assert 200 == other.sent[0]["status"]
    await gateway.asgi._keeper.stop()


async def test_unknown_scope_is_refused(gateway: Gateway) -> None:
    """An application that does not know a scope must raise."""
    host = Host()
    with pytest.raises(ValueError, match="not 'mqtt'"):
        await gateway({"type": "mqtt"}, host.receive, host.send)


async def test_websocket_without_its_library_says_what_to_install(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the extra, a WebSocket is refused and the log names the remedy."""
    monkeypatch.setitem(sys.modules, "vizgate.gateway.asgi.frames", None)
    host = Host({"type": "websocket.connect"})
    scope = {**http_scope(), "type": "websocket", "scheme": "ws", "subprotocols": []}
    async with gateway.asgi.lifespan():
        with caplog.at_level(logging.ERROR, "vizgate.asgi"):
            await gateway(scope, host.receive, host.send)
    assert [{"type": "websocket.close", "code": 1011}] == host.sent
    assert "pip install 'vizgate[asgi]'" in caplog.text


async def _records_of(host: Host, scope: dict[str, Any], answer: Any = None) -> list[ExchangeRecord]:
    """Serve *scope* by a gateway whose only service is *answer*; the records it leaves."""
    text = CONFIG.replace("{echo: {builtin: echo}}", '{echo: {targets: ["http://127.0.0.1:1"]}}')
    config = Gateway.from_text(text).config
    gateway = Gateway(config, services={"echo": answer})
    records: list[ExchangeRecord] = []
    async with gateway.asgi.lifespan():
        site = gateway.site(records.append)
        task = asyncio.create_task(serve_http(site, gateway.state.clock, scope, host.receive, host.send))
        await asyncio.wait([task])
        assert 0 == gateway.state.metrics.gateway.requests_active
        assert records, "every request leaves a record"
        if not task.cancelled() and task.exception() is not None:
            records.append(task.exception())  # type: ignore[arg-type]
    return records


async def test_record_tells_what_was_sent() -> None:
    """One record for each request, with what the client asked for and got."""

    async def answer(request: Request) -> Response:
        request.target = b"/changed"
        return Response.text(201, "made")

    [record] = await _records_of(Host(END), http_scope("/a", query_string=b"b=c"), answer)
    assert (b"/a?b=c", 201, 4, "192.0.2.1", "all", "echo", Termination.NORMAL) == (
        record.target, record.status, record.bytes_out, record.peer, record.route, record.service, record.termination
    )  # fmt: skip


async def test_record_of_a_client_that_left_is_499_and_work_is_cancelled() -> None:
    """A disconnect while the service works cancels it; callbacks run, once."""
    completed: list[str] = []

    async def answer(request: Request) -> Response:
        request.on_complete(lambda: completed.append("done"))
        await asyncio.Event().wait()
        raise AssertionError

    [record] = await _records_of(Host(END, {"type": "http.disconnect"}), http_scope(), answer)
    assert (499, Termination.CLIENT_ABORT, ["done"]) == (record.status, record.termination, completed)


async def test_callback_that_fails_keeps_none_of_the_others_from_running() -> None:
    """What a request holds is given back, and it is counted and logged, whatever a plugin does at its end."""
    completed: list[str] = []

    def fail() -> None:
        raise RuntimeError("a plugin")

    async def answer(request: Request) -> Response:
        request.on_complete(lambda: completed.append("place"))
        request.on_complete(fail)
        return Response(200)

    [record] = await _records_of(Host(END), http_scope(), answer)
    assert (200, ["place"]) == (record.status, completed)


async def test_record_of_a_server_that_stops_is_shutdown() -> None:
    """A cancellation that is not the client's goes on, and the record says shutdown."""

    async def answer(_: Request) -> Response:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        raise AssertionError

    [record] = await _records_of(Host(END), http_scope(), answer)
    assert Termination.SHUTDOWN is record.termination


async def test_service_that_fails_is_500() -> None:
    """An exception is not shown to the client and not thrown at the server."""

    async def answer(_: Request) -> Response:
        raise RuntimeError("secret")

    host = Host(END)
    [record] = await _records_of(host, http_scope(), answer)
    assert (500, Termination.INTERNAL_ERROR) == (record.status, record.termination)
    assert b"secret" not in host.sent[1]["body"]


async def test_body_that_breaks_is_raised_to_the_server() -> None:
    """An answer that breaks off half-way must not look whole: the server is told by an exception."""

    async def broken() -> Any:
        yield b"half"
        raise UpstreamReset("cut")

    async def answer(_: Request) -> Response:
        from vizgate.pipeline.body import StreamBody

        return Response(200, None, StreamBody(broken()))

    host = Host(END)
    record, error = await _records_of(host, http_scope(), answer)
    assert isinstance(error, UpstreamReset)
    assert (200, 4, Termination.UPSTREAM_RESET) == (record.status, record.bytes_out, record.termination)
    assert host.sent[-1]["more_body"]
