"""Heads by h11: the portable codec, pure Python."""

from __future__ import annotations

import re

import h11

from vizgate.message.headers import Field
from vizgate.wire.codec import CodecRejected

# The size was checked before the codec is called; h11's own bound must not be a second opinion.
_UNBOUNDED = 1 << 30
_LENGTH = re.compile(rb"\r\ncontent-length:([^\r]*+)", re.IGNORECASE)


class H11Codec:
    """See ``HeadCodec``."""

    __slots__ = ()
    name = "h11"

    def request_fields(self, block: bytes) -> list[Field]:
        """See ``HeadCodec.request_fields``."""
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_UNBOUNDED)
        return _read(connection, block, h11.Request)

    def response_fields(self, block: bytes) -> list[Field]:
        """See ``HeadCodec.response_fields``."""
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_UNBOUNDED)
        # h11 reads a response only after a request. This one lets every answer be, a 101 included.
        asked = [("Host", "x"), ("Connection", "upgrade"), ("Upgrade", "x")]
        connection.send(h11.Request(method="GET", target="/", headers=asked))
        connection.send(h11.EndOfMessage())
        return _read(connection, block, (h11.Response, h11.InformationalResponse))


def _read(connection: h11.Connection, block: bytes, wanted: type | tuple[type, ...]) -> list[Field]:
    try:
        connection.receive_data(block)
        event = connection.next_event()
    except h11.RemoteProtocolError as exc:
        raise CodecRejected(str(exc)) from exc
    if not isinstance(event, wanted):
        raise CodecRejected("incomplete head")
    # RFC 9112 6.3 lets a recipient replace "5, 5" or two lines of "5" by one 5. h11 does, llhttp refuses; what is a
    # message must not depend on the codec.
    lengths = _LENGTH.findall(block)
    if len(lengths) > 1 or (lengths and b"," in lengths[0]):
        raise CodecRejected("repeated Content-Length")
    return [(bytes(name), bytes(value)) for name, value in event.headers.raw_items()]  # type: ignore[union-attr]
