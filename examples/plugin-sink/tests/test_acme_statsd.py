"""The sink alone, without a gateway; a socket stands in for StatsD."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from acme_statsd import Statsd

from vizgate import Context
from vizgate.testing import check_sink, sample_record


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield listening


def received(statsd: socket.socket) -> list[str]:
    lines: list[str] = []
    try:
        while True:
            lines += statsd.recv(65536).decode().splitlines()
    except BlockingIOError:
        return lines


def config(statsd: socket.socket) -> Statsd.Config:
    return Statsd.Config(port=statsd.getsockname()[1], prefix="gw")


async def test_sink_meets_contract(statsd: socket.socket) -> None:
    """Every record arrives, whatever a client has put into it."""
    seen: list[str] = []

    def taken() -> int:
        seen.extend(received(statsd))
        return len(seen) // 2

    await check_sink(lambda context: Statsd(config(statsd), context), taken=taken)


async def test_request_is_a_counter_and_a_timer(statsd: socket.socket) -> None:
    """Names of routes become names of metrics."""
    sink = Statsd(config(statsd), Context())
    await sink.start()
    await sink.take([sample_record(route="users: one", status=404, duration_s=0.0126)])
    await sink.stop()
    assert ["gw.users_one.404:1|c", "gw.users_one.ms:13|ms"] == received(statsd)
