"""Messages as bytes, and bytes as messages.

In: ``Message``, ``encode``, ``Frames``; pure. Not in: the socket (``channel.channel``).

A message is a head of fixed length, a JSON text, and bytes that JSON has no form for. The head says how many
descriptors came with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from struct import Struct
from typing import Any, Literal, NamedTuple

from vizgate.errors import VizgateError

_HEAD = Struct("!IIB")
#: The longest message: the metrics of a hundred thousand series are a tenth of it.
MOST_BYTES = 256 * 1024 * 1024
#: The most descriptors of one message (SCM_MAX_FD of Linux).
MOST_FILES = 253

Kind = Literal["ask", "answer", "refusal", "tell"]


class BadFrame(VizgateError):
    """Bytes that are no message; whoever sent them is not to be understood any more."""


class Message(NamedTuple):
    """``number``: of an ask, and of what answers it. ``name``: what is asked or told, or why not. ``files``: how many
    descriptors came along.
    """

    kind: Kind
    number: int
    name: str = ""
    body: Any = None
    blob: bytes = b""
    files: int = 0


def encode(message: Message) -> bytes:
    """*message* as bytes. Raises: BadFrame: it is too long."""
    text = json.dumps([message.kind, message.number, message.name, message.body], separators=(",", ":")).encode()
    if len(text) + len(message.blob) > MOST_BYTES or message.files > MOST_FILES:
        raise BadFrame(f"{message.name or message.kind}: too long to be sent")
    return b"".join((_HEAD.pack(len(text), len(message.blob), message.files), text, message.blob))


class Frames:
    """Takes bytes as they come, and gives messages."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that end with *data*. Raises: BadFrame: this is none."""
        self._data += data
        while len(self._data) >= _HEAD.size:
            text, blob, files = _HEAD.unpack_from(self._data)
            if text + blob > MOST_BYTES or files > MOST_FILES:
                raise BadFrame("a head that announces too much")
            end = _HEAD.size + text + blob
            if len(self._data) < end:
                return
            frame = bytes(self._data[_HEAD.size : end])
            del self._data[:end]
            yield _message(frame[:text], frame[text:], files)

    def __repr__(self) -> str:
        return f"<Frames [{len(self._data)} bytes waiting]>"


def _message(text: bytes, blob: bytes, files: int) -> Message:
    try:
        kind, number, name, body = json.loads(text)
    except (ValueError, TypeError) as exc:
        raise BadFrame("not a message") from exc
    if kind not in ("ask", "answer", "refusal", "tell") or not isinstance(number, int) or not isinstance(name, str):
        raise BadFrame("not a message")
    return Message(kind, number, name, body, blob, files)
