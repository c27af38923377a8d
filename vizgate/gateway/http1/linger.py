"""The end of a connection whose client is still sending.

In: ``linger``. Not in: closing (``transport.stream``).
"""

from __future__ import annotations

from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut

# How long a client may go on sending after an answer that did not read all of its request. Closing at once would make
# the kernel reset the connection and take the answer away with it (RFC 9112 9.6).
_LINGER_S = 5.0
_LINGER_IDLE_S = 1.0


async def linger(stream: Stream) -> None:
    """End our half of *stream* and read what the client still sends, for a while, so that it gets to see the answer."""
    stream.send_eof()
    end_s = stream.clock.monotonic() + _LINGER_S
    try:
        while (now_s := stream.clock.monotonic()) < end_s:
            if not await stream.receive(min(end_s, now_s + _LINGER_IDLE_S)):
                return
    except (StreamLost, StreamTimedOut):
        return
