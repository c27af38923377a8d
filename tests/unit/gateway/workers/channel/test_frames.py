"""Messages as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.gateway.workers.channel.frames import BadFrame, Frames, Message, encode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["ask", "answer", "refusal", "tell"]),
    st.integers(0, 2**40),
    st.text(max_size=20),
    JSON,
    st.binary(max_size=100),
    st.integers(0, 253),
)


@given(st.lists(MESSAGES, max_size=5), st.integers(1, 50))
def test_messages_survive_any_cut(messages: list[Message], piece: int):
    """However the bytes of several messages are cut, the same messages come out, in order."""
    data = b"".join(map(encode, messages))
    frames = Frames()
    found = [message for start in range(0, len(data), piece) for message in frames.feed(data[start : start + piece])]
    assert messages == found


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_refused_or_waited_for(data: bytes):
    """Nothing but BadFrame is raised, whatever comes."""
    try:
        list(Frames().feed(data))
    except BadFrame:
        return


def test_announcement_of_too_much_is_refused_before_it_comes():
    """Nobody keeps gigabytes because a head says so."""
    with pytest.raises(BadFrame, match="too much"):
        list(Frames().feed(b"\xff" * 9))
    with pytest.raises(BadFrame, match="too long"):
        encode(Message("ask", 1, files=254))
