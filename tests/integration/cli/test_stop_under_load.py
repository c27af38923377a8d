"""A stop under load loses nobody's request: what was taken is answered, what is not is refused before it is sent."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import pytest

from tests.integration.cli.program import PATIENCE_S, Program, SlowUpstream, get

Start = Callable[..., Program]
Config = Callable[..., Path]

CLIENTS = 8
#: Answers that every client has had before the stop.
WARM = 20


class Client(threading.Thread):
    """Asks again and again until nobody listens any more; keeps its connection if *keeps* and the gateway does."""

    def __init__(self, port: int, *, keeps: bool) -> None:
        super().__init__()
        self.answers = 0
        self.was_refused = False
        self.fault = ""
        self.is_warm = threading.Event()
        self._port = port
        self._keeps = keeps

    def run(self) -> None:
        try:
            while not self.was_refused:
                with closing(HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)) as connection:
                    self._use(connection)
        except (OSError, HTTPException) as exc:
            self.fault = f"{exc!r} after {self.answers} answers"
        finally:
            self.is_warm.set()

    def _use(self, connection: HTTPConnection) -> None:
        """Ask on *connection* until the gateway closes it."""
        try:
            connection.connect()
        except ConnectionRefusedError:
            self.was_refused = True
            return
        while True:
            response = self._ask(connection)
            if not self._keeps or response.will_close:
                return

    def _ask(self, connection: HTTPConnection) -> HTTPResponse:
        connection.request("POST", "/load", body=b"x" * 100, headers={} if self._keeps else {"Connection": "close"})
        response = connection.getresponse()
        body = response.read()
        assert (200, True) == (response.status, b'"/load"' in body), body
        self.answers += 1
        if self.answers == WARM:
            self.is_warm.set()
        return response


@pytest.mark.parametrize("keeps", [True, False], ids=["kept-connections", "new-connections"])
def test_serve_sigterm_under_load_loses_no_request(start: Start, config: Config, upstream: SlowUpstream, keeps: bool):
    """Every request that a client could send is answered whole; then connections are refused; the exit code is 0."""
    program = start("serve", config(upstream.url))
    port = program.wait_serving()
    slow: list[tuple[int, bytes]] = []
    in_flight = threading.Thread(target=lambda: slow.append(get(port, "/slow")))
    in_flight.start()
    upstream.wait_request()
    clients = [Client(port, keeps=keeps) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.is_warm.wait(PATIENCE_S)
    program.signal(signal.SIGTERM)
    for client in clients:
        client.join(PATIENCE_S)
    assert [""] * CLIENTS == [client.fault for client in clients]
    assert all(client.was_refused for client in clients)
    upstream.answer(b"after all")
    in_flight.join(PATIENCE_S)
    assert [(200, b"after all")] == slow
    program.wait_line("SIGTERM: no new connections")
    assert (0, ["vizgate: stopped"]) == program.wait_end()
