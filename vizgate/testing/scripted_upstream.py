"""An upstream that does exactly what a script says, byte for byte, and remembers every byte it got.

In: ``ScriptedUpstream``. Not in: the steps of a script (``testing.steps``) and how recorded bytes are read as requests
(``testing.recording``).

::

    async with ScriptedUpstream([read_request(), send(b"HTTP/1.1 200 OK"), reset()]) as upstream:
        ...  # point a gateway at upstream.url and send it a request
    assert upstream.requests[0].target == b"/x"
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from vizgate.testing.recording import RecordedRequest
from vizgate.testing.steps import Script, answer
from vizgate.testing.upstream_connection import End, UpstreamConnection, Waiter


class ScriptedUpstream:
    """A server on a loopback port: connection *n* follows the *n*-th script, later ones follow the last.

    A script that has run out closes its connection. Without scripts every whole request is answered with ``OK``.

    Args: port: 0 takes a free one. receive_buffer: size of the kernel's receive buffer in bytes, 0 for its default;
    small ones make back-pressure visible early. send_buffer: the same for the send buffer.
    """

    def __init__(self, *scripts: Script, port: int = 0, receive_buffer: int = 0, send_buffer: int = 0) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.connections: list[UpstreamConnection] = []
        self._scripts: tuple[Script, ...] = scripts or ([answer()],)
        self._buffers = (receive_buffer, send_buffer)
        self._changed = Waiter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """What a service's ``targets`` would say."""
        return f"http://{self.host}:{self.port}"

    @property
    def received(self) -> list[bytes]:
        """The raw bytes of every connection that sent any."""
        return [bytes(connection.received) for connection in self.connections if connection.received]

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests of all connections, in the order of the connections; incomplete ones among them."""
        return [request for connection in self.connections for request in connection.requests]

    @property
    def complete_requests(self) -> list[RecordedRequest]:
        """The requests that a server would have acted on."""
        return [request for request in self.requests if request.complete]

    async def wait_for(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Wait until *condition* holds; it is looked at whenever anything happens here.

        Raises: TimeoutError: it did not within *timeout_s* seconds.
        """
        await self._changed.wait_for(condition, timeout_s)

    async def wait_quiet(self, timeout_s: float = 5.0) -> None:
        """Wait until no connection is open. Raises: TimeoutError: one still was after *timeout_s* seconds."""
        await self.wait_for(lambda: not any(connection.is_open for connection in self.connections), timeout_s)

    async def __aenter__(self) -> Self:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receive_buffer, send_buffer = self._buffers
        if receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)  # inherited by accept()
        if send_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        listener.settimeout(0)
        listener.bind((self.host, self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._spawn(self._accept(listener))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in self.connections:
            connection.release()
        if self._listener is not None:
            self._listener.close()
        if self._failures and error is None:
            raise self._failures[0]

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(listener)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            script = self._scripts[min(len(self.connections), len(self._scripts) - 1)]
            connection = UpstreamConnection(sock, self._changed)
            self.connections.append(connection)
            self._changed.notify()
            self._spawn(self._serve(connection, script))

    async def _serve(self, connection: UpstreamConnection, script: Script) -> None:
        # The script is started first, so that `stop_reading` as its first step comes before any byte is read.
        run = asyncio.ensure_future(self._run(connection, script))
        read = asyncio.ensure_future(connection.read_forever())
        try:
            await run
            if connection.end is End.LOCAL:
                read.cancel()
            await asyncio.gather(read, return_exceptions=True)
        finally:
            run.cancel()
            read.cancel()
            await asyncio.gather(run, read, return_exceptions=True)
            connection.release()

    async def _run(self, connection: UpstreamConnection, script: Script) -> None:
        try:
            for step in script:
                await step(connection)
        except ConnectionError:
            pass  # the proxy left; the record of the connection says so
        except Exception as error:  # noqa: BLE001  # told to the test when it leaves the block
            self._failures.append(error)
        if connection.end is not End.LOCAL:
            connection.close()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __repr__(self) -> str:
        return f"<ScriptedUpstream {self.host}:{self.port} [connections: {len(self.connections)}]>"
