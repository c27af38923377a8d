"""The rules of tunnels, over real connections."""

from __future__ import annotations

import asyncio

from tests.unit.transport.conftest import socket_pair
from vizgate.errors import Termination
from vizgate.gateway.http1.tunnel import TunnelCopy, TunnelTerms, UpstreamTunnel
from vizgate.testing import ManualClock
from vizgate.testing.upstream_connection import set_reset_on_close


async def test_tunnel_notices_client_that_breaks_off_while_it_is_held_back() -> None:
    """A client that is not read, because the upstream does not read, still frees the upstream when it resets."""
    loop, ends = asyncio.get_running_loop(), []
    client, peer = await socket_pair()
    upstream, far = await socket_pair()
    tunnel = UpstreamTunnel(upstream, b"", TunnelTerms(b"foo", 0.0), ends.append)
    copy = asyncio.create_task(TunnelCopy(client, tunnel).run(b""))
    flood = loop.create_task(loop.sock_sendall(peer, b"x" * (64 << 20)))
    while not client._reading_paused:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)
    flood.cancel()
    await asyncio.wait([flood])
    set_reset_on_close(peer)
    peer.close()
    assert isinstance(client.clock, ManualClock)
    client.clock.advance(1.0)
    client.sweeper.sweep(client.clock.monotonic())
    async with asyncio.timeout(5.0):
        assert await copy is Termination.CLIENT_ABORT
    assert Termination.CLIENT_ABORT is ends[0]
    client.abort()
    far.close()
    await asyncio.sleep(0)
