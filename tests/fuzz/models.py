"""What others make of the same bytes: a strict model of our own, llhttp and h11 by themselves.

In: the model of heads and of the chunked coding, and the two parsers as oracles. Not in: comparing
(``tests.fuzz.targets``).
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import h11
import httptools

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
LINES = rb"(?:%s:[\t\x20-\x7e\x80-\xff]*\r\n)*" % TOKEN
# What RFC 9112 calls a head, without any of the repairs that it allows.
REQUEST = re.compile(rb"%s [!-~]+ HTTP/1\.[01]\r\n%s\r\n" % (TOKEN, LINES))
RESPONSE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n%s\r\n" % LINES)
FIELD = re.compile(rb"(%s):[ \t]*(.*?)[ \t]*" % TOKEN)
_SIZE = re.compile(rb"([0-9A-Fa-f]+)(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_TRAILERS = re.compile(LINES + rb"\r\n")

Message = tuple[bytes, bytes, bytes]


def strict_chunks(raw: bytes) -> tuple[bytes, int] | None:
    """Content and size of the chunked body at the start of *raw*; None when there is no whole and sound one."""
    content, at = b"", 0
    while (size := _SIZE.match(raw, at)) is not None:
        length, at = int(size[1], 16), size.end()
        if length == 0:
            end = _TRAILERS.match(raw, at)
            return None if end is None else (content, end.end())
        if raw[at + length : at + length + 2] != b"\r\n":
            return None
        content += raw[at : at + length]
        at += length + 2
    return None


class _Llhttp:
    """Collects what llhttp reports of a stream of messages."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.fields: list[tuple[bytes, bytes]] = []
        self.parser: Any = None
        self._url = b""
        self._body = b""

    def on_message_begin(self) -> None:
        self._url = self._body = b""
        self.fields = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self.parser.get_method() if isinstance(self.parser, httptools.HttpRequestParser) else b""
        self.messages.append((method, self._url, self._body))


def llhttp_messages(raw: bytes, *, is_request: bool = True) -> tuple[list[Message], list[tuple[bytes, bytes]]]:
    """The whole messages that llhttp finds in *raw*, and the fields of the last."""
    found = _Llhttp()
    found.parser = httptools.HttpRequestParser(found) if is_request else httptools.HttpResponseParser(found)
    # What it found before it refused is what it stands by.
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        found.parser.feed_data(raw)
    return found.messages, found.fields


def h11_request(raw: bytes) -> tuple[Message, list[tuple[bytes, bytes]]] | None:
    """The first request that h11 finds in *raw*, with its fields; None when there is no whole and sound one."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    return _h11_message(connection)


def h11_response(raw: bytes) -> tuple[Message, list[tuple[bytes, bytes]]] | None:
    """As ``h11_request``, for a response."""
    connection = h11.Connection(h11.CLIENT)
    asked = [("Host", "x"), ("Connection", "upgrade"), ("Upgrade", "x")]
    connection.send(h11.Request(method="GET", target="/", headers=asked))
    connection.send(h11.EndOfMessage())
    connection.receive_data(raw)
    return _h11_message(connection)


def _h11_message(connection: h11.Connection) -> tuple[Message, list[tuple[bytes, bytes]]] | None:
    line, body, fields = (b"", b""), b"", []
    try:
        while (event := connection.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
            if isinstance(event, h11.Request):
                line, fields = (event.method, event.target), event.headers.raw_items()
            elif isinstance(event, h11.Response | h11.InformationalResponse):
                fields = event.headers.raw_items()
                if isinstance(event, h11.InformationalResponse):
                    break
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
        else:
            return None
    except h11.RemoteProtocolError:
        return None
    return (*line, body), fields
