"""A blocked client at every public door."""

from __future__ import annotations

import json
from ipaddress import ip_network

from tests.integration.admin.bench import CONFIG, serving
from vizgate.access.blocklist.blocks import BlockEntry
from vizgate.testing import MemoryClient
from vizgate.testing.raw_client import RawClient


async def test_listener_that_redirects_refuses_it() -> None:
    """It is not even sent elsewhere."""
    listen = [{"address": "127.0.0.1:0", "redirect_https": 8443}]
    async with serving(listen=listen) as bench:
        assert 308 == (await bench.ask()).status
        await bench.admin("PUT", "/blocks/127.0.0.1", {"for": "1h"})
        assert 403 == (await bench.ask()).status


async def test_asgi_server_refuses_it() -> None:
    """Requests that come through an ASGI server are requests of the same client."""
    config = json.dumps({**CONFIG, "server": {"admin": "off"}})
    async with MemoryClient(config, client="203.0.113.7") as client:
        assert 200 == (await client.get("/x")).status
        state = client.gateway.state
        state.blocked.block(BlockEntry(ip_network("203.0.113.0/24"), state.clock.monotonic() + 60.0), 0.0)
        response = await client.get("/x")
        assert (403, "This client is blocked.") == (response.status, response.json()["detail"])
        assert (403, "local") == (client.records[-1].status, client.records[-1].termination.value)


async def test_upgrade_and_kept_connection_are_refused() -> None:
    """The next request of a connection that was let in is a request like any other."""
    async with serving() as bench, RawClient(*bench.gateway.addresses[0], timeout_s=5.0) as client:
        await client.send(b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert 200 == (await client.read_response("GET")).status
        await bench.admin("PUT", "/blocks/127.0.0.1", {"for": "1h"})
        await client.send(b"GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert 403 == (await client.read_response("GET")).status
