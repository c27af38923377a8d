"""A vizgate plugin: ``observe.sinks: [{use: acme_statsd}]`` tells StatsD what requests did, by UDP."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from pydantic import Field

from vizgate import RequestRecord, Sink, SinkConfig

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
# What fits into a packet of any network.
_PACKET = 1400


class Statsd(Sink):
    """A counter by route and status, and a timer by route, for each request."""

    class Config(SinkConfig):
        """``host`` and ``port``: of StatsD. ``prefix``: what every name begins with."""

        host: str = "127.0.0.1"
        port: int = Field(default=8125, ge=1, le=65535)
        prefix: str = Field(default="vizgate", pattern=r"^[A-Za-z0-9_.-]+$")

    config: Config
    contract_version = 1

    async def start(self) -> None:
        """Look the host up once."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._address = (socket.gethostbyname(self.config.host), self.config.port)

    async def stop(self) -> None:
        """Close the socket; may be called without ``start``."""
        if hasattr(self, "_socket"):
            self._socket.close()

    async def take(self, records: Sequence[RequestRecord]) -> None:
        """Send them, as many as fit into each packet. Whether anybody listens is never known."""
        packet = b""
        for line in (line for record in records for line in self._lines(record)):
            if len(packet) + len(line) > _PACKET:
                self._send(packet)
                packet = b""
            packet += line
        self._send(packet)

    def _lines(self, record: RequestRecord) -> tuple[bytes, bytes]:
        route = _UNSAFE.sub("_", record.route) or "none"
        name = f"{self.config.prefix}.{route}"
        return f"{name}.{record.status}:1|c\n".encode(), f"{name}.ms:{record.duration_s * 1000:.0f}|ms\n".encode()

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.sendto(packet, self._address)
        except BlockingIOError:
            self.context.metrics.counters(
                "acme_statsd_packets_lost", "Packets that the machine had no room for."
            ).of().value += 1
