"""The protocol of Redis (RESP2), as bytes in and values out.

In: writing commands, and ``ReplyReader``, which never awaits and never sees a socket. Not in: which reply belongs to
which command (``store.redis.connection``), and arrays, maps and pushes, which no command of ours is answered with.

Source: the Redis serialization protocol specification.
"""

from __future__ import annotations

from typing import Final

from vizgate.errors import VizgateError

#: Longer lines and texts are no answers to what we ask.
MAX_LINE_BYTES: Final = 16 * 1024
MAX_TEXT_BYTES: Final = 64 * 1024

_LINE_END = b"\r\n"
_STRING, _ERROR, _NUMBER, _TEXT = b"+-:$"


class ProtocolFault(VizgateError):
    """The other side does not speak RESP2, or says what nobody asked for; the connection is of no more use."""


class ErrorReply:
    """Redis refuses a command. ``code``: its first word, such as ``NOSCRIPT``."""

    __slots__ = ("code", "message")

    def __init__(self, message: bytes) -> None:
        self.message = message[:200].decode("utf-8", "replace")
        self.code = self.message.partition(" ")[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ErrorReply) and other.message == self.message

    def __hash__(self) -> int:
        return hash(self.message)

    def __repr__(self) -> str:
        return f"<ErrorReply {self.message!r}>"


Reply = bytes | int | ErrorReply | None


def words(*parts: bytes) -> bytes:
    """*parts* as they stand in a command."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


def command(*parts: bytes) -> bytes:
    """A command of *parts*."""
    return b"*%d\r\n%b" % (len(parts), words(*parts))


class ReplyReader:
    """Takes bytes as they come, and gives the replies that are whole."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that end in *data*. Raises: ProtocolFault: these are no replies; the reader is of no more use."""
        buffer = self._rest + data if self._rest else data
        replies: list[Reply] = []
        at = 0
        while (end := buffer.find(_LINE_END, at)) >= 0:
            if buffer[at] == _TEXT:
                stop = end + 2 + _size(buffer[at + 1 : end])
                if stop <= end:
                    replies.append(None)
                    at = end + 2
                    continue
                if len(buffer) < stop + 2:
                    break
                if buffer[stop : stop + 2] != _LINE_END:
                    raise ProtocolFault("a text is not as long as it says")
                replies.append(buffer[end + 2 : stop])
                at = stop + 2
            else:
                replies.append(_line(buffer[at], buffer[at + 1 : end]))
                at = end + 2
        self._rest = buffer[at:]
        if end < 0 and len(self._rest) > MAX_LINE_BYTES:
            raise ProtocolFault("a line does not end")
        return replies


def _line(kind: int, line: bytes) -> Reply:
    if kind == _STRING:
        return line
    if kind == _ERROR:
        return ErrorReply(line)
    if kind == _NUMBER and line.removeprefix(b"-").isdigit() and len(line) <= 20:
        return int(line)
    raise ProtocolFault("something else than a reply came")


def _size(line: bytes) -> int:
    """The length of a text; -3, before the text's own begin, for one that is not there."""
    if line == b"-1":
        return -3
    if not line.isdigit() or len(line) > 8 or (size := int(line)) > MAX_TEXT_BYTES:
        raise ProtocolFault("a text has no length, or one that is too long")
    return size
