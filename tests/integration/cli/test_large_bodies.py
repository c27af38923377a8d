"""1 GiB through a gateway process, with a side that does not keep up: memory stays bounded, no byte is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Start
from tests.integration.cli.program import PATIENCE_S

MIB = 1024 * 1024
SIZE = 1024 * MIB
PIECE = b"0123456789abcdef" * 65536
#: What the gateway may hold more than before: little beside the body, much beside its buffers.
MEMORY = 64 * MIB


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


@pytest.fixture
def port(start: Start, config: Callable[..., Path], listener: socket.socket) -> tuple[int, int]:
    """Port and process id of a gateway in front of *listener*, without a limit on bodies."""
    path = config(f"http://127.0.0.1:{listener.getsockname()[1]}")
    path.write_text(path.read_text().replace("admin:", "limits: {body: 0}, admin:"), "utf-8")
    program = start("serve", path)
    return program.wait_serving(), program.process.pid


def peak_memory(process: int) -> int:
    """The most memory the process ever held, in bytes."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def send_all(sock: socket.socket, stalled: threading.Event) -> None:
    """Send ``SIZE`` bytes; *stalled* is set when the other side has stopped taking them, and at the end."""
    sent = 0
    while sent < SIZE:
        sock.settimeout(0.25)
        try:
            sent += sock.send(PIECE[: SIZE - sent])
        except TimeoutError:
            stalled.set()
            sock.settimeout(PATIENCE_S)
            sent += sock.send(PIECE[: SIZE - sent])
    stalled.set()


def read_head(sock: socket.socket) -> bytes:
    """What comes up to and with the end of a head, and maybe the beginning of a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    return data


def count_all(sock: socket.socket, size: int) -> int:
    """Read until *size* bytes or the end have come; how many came."""
    total = 0
    while total < size and (data := sock.recv(MIB)):
        total += len(data)
    return total


def test_download_of_1_gib_to_reader_that_stalls_stays_bounded(port: tuple[int, int], listener: socket.socket) -> None:
    """A client that does not read stops the upstream, not the gateway's memory; afterwards every byte arrives."""
    gateway, process = port
    before = peak_memory(process)
    stalled = threading.Event()
    with socket.create_connection(("127.0.0.1", gateway), PATIENCE_S) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        upstream, _ = listener.accept()
        with upstream, listener:
            read_head(upstream)
            upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            sender = threading.Thread(target=send_all, args=(upstream, stalled))
            sender.start()
            assert stalled.wait(PATIENCE_S)
            head, _, body = read_head(client).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert SIZE == len(body) + count_all(client, SIZE - len(body))
            sender.join(PATIENCE_S)
    assert peak_memory(process) - before < MEMORY


def test_upload_of_1_gib_to_upstream_that_stalls_stays_bounded(port: tuple[int, int], listener: socket.socket) -> None:
    """An upstream that does not read stops the client, not the gateway's memory; afterwards every byte arrives."""
    gateway, process = port
    before = peak_memory(process)
    stalled = threading.Event()
    with socket.create_connection(("127.0.0.1", gateway), PATIENCE_S) as client:
        client.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE)
        sender = threading.Thread(target=send_all, args=(client, stalled))
        sender.start()
        upstream, _ = listener.accept()
        with upstream, listener:
            upstream.settimeout(PATIENCE_S)
            assert stalled.wait(PATIENCE_S)
            head, _, body = read_head(upstream).partition(b"\r\n\r\n")
            assert b"\r\nContent-Length: %d" % SIZE in head
            assert SIZE == len(body) + count_all(upstream, SIZE - len(body))
            sender.join(PATIENCE_S)
            upstream.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 204 ")
    assert peak_memory(process) - before < MEMORY
