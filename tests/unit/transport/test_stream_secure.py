"""The rules of a ``Stream`` over TLS: no half-close, and a close that waits for what matters."""

from __future__ import annotations

import asyncio
import socket
import ssl

from tests.unit.transport.conftest import MadeStream, Run, socket_pair, turns
from vizgate.transport.stream import FAREWELL_S, FLUSH_S

SECURE = {"sslcontext": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)}


def test_end_of_the_peer_is_the_end_of_both(run: Run) -> None:
    """TLS has no half-closed connections; a plain connection stays open for writing."""

    async def scenario() -> None:
        assert not MadeStream(**SECURE).stream.eof_received()
        assert MadeStream().stream.eof_received()

    run(scenario())


def test_close_waits_for_the_farewell_a_moment_only(run: Run) -> None:
    """A peer that has everything and does not say farewell is let go, without a reset; closing twice closes once."""

    async def scenario() -> None:
        made = MadeStream(**SECURE)
        made.stream.close()
        made.transport.closing = True
        made.stream.close()
        made.advance(FAREWELL_S / 2)
        assert made.transport.calls == ["close"]
        made.advance(FAREWELL_S)
        assert made.transport.calls == ["close", "abort"]

    run(scenario())


def test_close_waits_for_what_has_not_left(run: Run) -> None:
    """A peer that is still taking what was sent is waited for until the time to flush is over."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        sending = stream.transport.get_extra_info("socket")
        made = MadeStream(**SECURE, socket=sending)
        filling = socket.socket(fileno=sending.fileno())
        try:
            while True:
                filling.send(b"x" * 65536)
        except BlockingIOError:
            filling.detach()
        made.stream.close()
        made.advance(FLUSH_S - 1)
        assert made.transport.calls == ["close"]
        while await asyncio.get_running_loop().run_in_executor(None, _drain, peer):
            await turns()
        made.advance(FAREWELL_S * 1.1)
        assert made.transport.calls == ["close", "abort"]
        stream.abort()
        peer.close()

    run(scenario())


def _drain(peer: socket.socket) -> bool:
    """Whether *peer* got something more."""
    peer.settimeout(0.2)
    try:
        return bool(peer.recv(1 << 20))
    except TimeoutError:
        return False
