"""A name server on a real socket, UDP and TCP on one port.

It answers from a table, by the rules that matter to a client: aliases are followed, names that are not there get
NXDOMAIN with the SOA record, answers that are longer than the client takes are cut short and marked so.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Table = dict[tuple[str, str], tuple[int, list[str]]]
_SOA = "ns.test. admin.test. 1 3600 600 86400 {}"


class NameServer(asyncio.DatagramProtocol):
    """``table``: by name and type, time to live and values. ``rcode``: what it says instead. ``is_silent``: says
    nothing. ``questions``: what was asked, with the transport. ``negative_ttl``: of what is not there; None: not told.
    """

    def __init__(self) -> None:
        self.table: Table = {}
        self.rcode: int | None = None
        self.is_silent = False
        self.negative_ttl: int | None = 7
        self.questions: list[tuple[str, str, str]] = []
        self.port = 0
        self._transport: Any = None

    def put(self, name: str, kind: str, *values: str, ttl: int = 30) -> None:
        self.table[name, kind] = (ttl, list(values))

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, peer: Any) -> None:
        query = dns.message.from_wire(data)
        answer = self._answer(query, "udp")
        if answer is None:
            return
        wire = answer.to_wire(max_size=65_535)
        if len(wire) > max(query.payload, 512):
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            wire = short.to_wire()
        self._transport.sendto(wire, peer)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = self._answer(dns.message.from_wire(await reader.readexactly(size)), "tcp")
            if answer is not None:
                wire = answer.to_wire(max_size=65_535)
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
        finally:
            writer.close()

    def _answer(self, query: dns.message.Message, transport: str) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind, transport))
        if self.is_silent:
            return None
        response = dns.message.make_response(query)
        if self.rcode is not None:
            response.set_rcode(self.rcode)
            return response
        self._fill(response, name, kind)
        return response

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        while (name, kind) not in self.table and (name, "CNAME") in self.table:
            ttl, values = self.table[name, "CNAME"]
            response.answer.append(dns.rrset.from_text(name, ttl, "IN", "CNAME", *values))
            name = values[0]
        if (name, kind) in self.table:
            ttl, values = self.table[name, kind]
            response.answer.append(dns.rrset.from_text(name, ttl, "IN", kind, *values))
            return
        if not any(known == name for known, _ in self.table):
            response.set_rcode(dns.rcode.NXDOMAIN)
        if self.negative_ttl is not None:
            soa = _SOA.format(self.negative_ttl)
            response.authority.append(dns.rrset.from_text("test.", self.negative_ttl, "IN", "SOA", soa))


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    """A server on a free port of 127.0.0.1."""
    served = NameServer()
    tcp, udp = await _both(served)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: served, sock=udp)
    try:
        yield served
    finally:
        transport.close()
        tcp.close()
        await tcp.wait_closed()


async def _both(served: NameServer) -> tuple[asyncio.Server, socket.socket]:
    """Both sockets; a port that is free for TCP may be taken for UDP."""
    for _ in range(20):
        tcp = await asyncio.start_server(served.serve_tcp, "127.0.0.1", 0)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setblocking(False)
        served.port = tcp.sockets[0].getsockname()[1]
        try:
            udp.bind(("127.0.0.1", served.port))
        except OSError:
            udp.close()
            tcp.close()
        else:
            return tcp, udp
    raise OSError("no port is free for both")
