"""The end of connections.

In: ``finish``: what is in flight may end by itself, for a while. Not in: closing listeners (``transport.listener``).
"""

from __future__ import annotations

import asyncio
import logging

from vizgate.gateway.public import PublicSite

# How long a connection that was ended has to take what was written, in seconds.
_FAREWELL_S = 1.0
# How long a request may take to end once it is cancelled, in seconds: a plugin may not listen.
_CUT_S = 1.0

_log = logging.getLogger("vizgate.gateway")


async def finish(site: PublicSite, timeout_s: float) -> None:
    """Have every connection of *site* end with its present request. What has not ended after *timeout_s* is ended where
    it stands: streams that would go on for ever, and WebSockets.
    """
    site.is_ending = True
    for connection in list(site.connections):
        connection.drain()
    tasks = [asyncio.ensure_future(connection.wait_closed()) for connection in site.connections]
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)
    remaining = list(site.connections)
    if remaining and timeout_s:
        _log.warning("%d connections cut after %g s", len(remaining), timeout_s)
        # Not broken: what they were sent is to reach them, and that there is no more of it.
        for connection in remaining:
            connection.end()
        await asyncio.wait(tasks, timeout=_FAREWELL_S)
        remaining = list(site.connections)
    for connection in remaining:
        connection.stop()
    if tasks:
        _, deaf = await asyncio.wait(tasks, timeout=_CUT_S)
        for task in deaf:
            task.cancel()
