"""The protocol of Redis, as bytes in and values out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.store.redis.resp import (
    MAX_LINE_BYTES,
    MAX_TEXT_BYTES,
    ErrorReply,
    ProtocolFault,
    Reply,
    ReplyReader,
    command,
)

REPLIES = [
    (b"+OK\r\n", b"OK"),
    (b"+\r\n", b""),
    (b"-NOSCRIPT No matching script\r\n", ErrorReply(b"NOSCRIPT No matching script")),
    (b":0\r\n", 0),
    (b":-17\r\n", -17),
    (b"$0\r\n\r\n", b""),
    (b"$5\r\n1 0\r\n\r\n", b"1 0\r\n"),
    (b"$-1\r\n", None),
]

FAULTS = [
    b"HTTP/1.1 400 Bad Request\r\n",
    b"*1\r\n",
    b"%1\r\n",
    b"\r\n",
    b":1_0\r\n",
    b":\r\n",
    b":1.5\r\n",
    b"$ 5\r\n",
    b"$+5\r\n",
    b"$-2\r\n",
    b"$x\r\n",
    b"$\r\n",
    b"$5\r\nhelloXX",
    b"$%d\r\n" % (MAX_TEXT_BYTES + 1),
    b"$99999999999999999999\r\n",
    b"+" + b"x" * (MAX_LINE_BYTES + 1),
]


@pytest.mark.parametrize(("data", "reply"), REPLIES)
def test_reader_gives_each_kind_of_reply(data: bytes, reply: Reply) -> None:
    """Every kind of answer that our commands get."""
    assert [reply] == ReplyReader().feed(data)


@pytest.mark.parametrize("data", FAULTS)
def test_reader_refuses_what_is_no_reply(data: bytes) -> None:
    """Whoever is not a Redis, or answers what nobody asked, is found out at once."""
    with pytest.raises(ProtocolFault):
        ReplyReader().feed(data)


WHOLE = st.lists(st.sampled_from(REPLIES), max_size=20)


@settings(deadline=None)
@given(WHOLE, st.data())
def test_reader_pieces_make_no_difference(replies: list[tuple[bytes, Reply]], data: st.DataObject) -> None:
    """However the bytes are cut on their way, the same replies come out, none before its last byte."""
    stream = b"".join(part for part, _ in replies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader, found = ReplyReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
        ended = [reply for number, (_, reply) in enumerate(replies) if end >= _length(replies[: number + 1])]
        assert ended == found
    assert [reply for _, reply in replies] == found


def _length(replies: list[tuple[bytes, Reply]]) -> int:
    return sum(len(part) for part, _ in replies)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=10))
def test_reader_of_anything_ends_in_replies_or_a_fault(pieces: list[bytes]) -> None:
    """Arbitrary bytes are replies, the beginning of one, or a fault: nothing else."""
    reader = ReplyReader()
    for piece in pieces:
        try:
            reader.feed(piece)
        except ProtocolFault:
            return


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6))
def test_command_says_the_length_of_each_part(parts: list[bytes]) -> None:
    """Parts may hold any byte: nothing in a key or an argument can become a command of its own."""
    data = command(*parts)
    count, _, rest = data.partition(b"\r\n")
    assert b"*%d" % len(parts) == count
    assert list(parts) == ReplyReader().feed(rest)


def test_error_reply_shows_its_code_and_is_cut() -> None:
    """The first word tells programs what is wrong; a long message does not fill the log."""
    error = ErrorReply(b"WRONGPASS " + b"x" * 1000)
    assert ("WRONGPASS", 200) == (error.code, len(error.message))
