"""Accepting from a socket that others accept from, too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from vizgate.testing import ManualClock
from vizgate.transport.sharing.acceptor import SharedAcceptor
from vizgate.transport.sharing.page import LoadPage
from vizgate.transport.sharing.seat import Seat


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


class Worker:
    """One of two that accept from *listening*; its connections are in ``taken``."""

    def __init__(self, listening: socket.socket, page: LoadPage, number: int, clock: ManualClock) -> None:
        self.seat = Seat(page, number, clock)
        self.seat.take()
        self.taken: list[socket.socket] = []
        self.sock = listening.dup()
        self.acceptor = SharedAcceptor([self.sock], self.seat, self._take)

    def _take(self, sock: socket.socket, _: object) -> None:
        self.taken.append(sock)
        self.seat.tell(len(self.taken))

    def close(self) -> None:
        self.acceptor.stop()
        self.sock.close()
        for sock in self.taken:
            sock.close()


@pytest.fixture
async def workers(listening: socket.socket):
    page, clock = LoadPage.new(), ManualClock()
    page.use(2)
    both = [Worker(listening, page, number, clock) for number in (1, 2)]
    yield both
    for worker in both:
        worker.close()
    page.close()


async def _connect(listening: socket.socket, count: int, workers: list[Worker]) -> None:
    before = sum(len(worker.taken) for worker in workers)
    clients = [socket.create_connection(listening.getsockname()) for _ in range(count)]
    async with asyncio.timeout(10):
        while sum(len(worker.taken) for worker in workers) < before + count:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)
    for client in clients:
        client.close()


async def test_connections_are_shared_evenly(listening: socket.socket, workers: list[Worker]):
    """Of workers at leisure neither takes much more than the other, though both wake up for each connection."""
    for worker in workers:
        worker.acceptor.start()
    await _connect(listening, 40, workers)
    assert min(len(worker.taken) for worker in workers) >= 12


async def test_connection_is_taken_although_the_less_loaded_worker_does_not_come(
    listening: socket.socket, workers: list[Worker]
):
    """A worker that looks and does not accept holds up nobody: the other one takes it after all."""
    workers[0].acceptor.start()
    await _connect(listening, 20, workers)
    assert [20, 0] == [len(worker.taken) for worker in workers]


async def test_stopped_acceptor_takes_nothing(listening: socket.socket, workers: list[Worker]):
    """After a stop, also one in the moment of stepping back, the queue is the others'."""
    first, second = workers
    first.acceptor.start()
    await _connect(listening, 3, workers)
    first.acceptor.stop()
    second.acceptor.start()
    await _connect(listening, 5, workers)
    assert [3, 5] == [len(worker.taken) for worker in workers]
