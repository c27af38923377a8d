"""The rules of request bodies that are still arriving."""

from __future__ import annotations

import pytest

from tests.unit.transport.conftest import MadeStream
from vizgate.errors import BadBody, BodyTooLarge, RequestTimedOut
from vizgate.gateway.http1.request_body import ArrivingBody
from vizgate.gateway.plan import UploadLimits
from vizgate.message.heads import BodyKind, Framing
from vizgate.wire.bodies import make_decoder
from vizgate.wire.limits import WireLimits


def arriving(made: MadeStream, length: int) -> ArrivingBody:
    framing = Framing(BodyKind.LENGTH, length)
    return ArrivingBody(
        made.stream, framing, make_decoder(framing, WireLimits(), BadBody), UploadLimits(), lambda: None
    )


async def test_body_that_was_read_can_still_be_iterated() -> None:
    """A body that a middleware has read whole still goes to whoever iterates it next."""
    made = MadeStream()
    body = arriving(made, 3)
    made.later(made.stream.data_received, b"abc")
    assert await body.read(3) == b"abc"
    assert [data async for data in body] == [b"abc"]


async def test_body_second_reader_with_smaller_limit_is_refused() -> None:
    """Each reader's limit holds, whoever read before."""
    made = MadeStream()
    body = arriving(made, 3)
    made.later(made.stream.data_received, b"abc")
    await body.read(3)
    with pytest.raises(BodyTooLarge):
        await body.read(2)


async def test_body_after_too_large_is_spent() -> None:
    """Part of it is gone, so that the rest must never pass for the whole."""
    made = MadeStream()
    body = arriving(made, 6)
    made.later(made.stream.data_received, b"abcd")
    with pytest.raises(BodyTooLarge):
        await body.read(3)
    made.stream.data_received(b"ef")
    with pytest.raises(BodyTooLarge):
        await body.read(100)
    with pytest.raises(BodyTooLarge):
        await anext(body)


async def test_body_that_is_not_in_memory_can_be_iterated_once() -> None:
    """What is gone must not look like an empty body to whoever asks next, a second attempt for example."""
    made = MadeStream()
    body = arriving(made, 3)
    made.later(made.stream.data_received, b"abc")
    assert [data async for data in body] == [b"abc"]
    with pytest.raises(RuntimeError, match="once"):
        await anext(body)


async def test_body_that_drips_below_the_rate_is_given_up() -> None:
    """``limits.body_rate`` is held against the time spent waiting, once ten seconds have passed (RFC 9110 15.5.9)."""
    made = MadeStream()
    body = arriving(made, 100_000)  # the default rate is 1 KiB a second

    def drip(seconds: float, data: bytes) -> None:
        made.clock.advance(seconds)
        made.stream.data_received(data)

    made.later(drip, 9.0, b"x")
    assert await anext(body) == b"x"
    made.later(drip, 2.0, b"x")
    with pytest.raises(RequestTimedOut):
        await anext(body)


async def test_body_that_waits_for_nobody_may_come_slowly() -> None:
    """Time in which nobody waited for the client, because the upstream is slow, is not held against it."""
    made = MadeStream()
    body = arriving(made, 100_000)
    made.later(made.stream.data_received, b"x")
    await anext(body)
    made.clock.advance(60.0)
    made.later(made.stream.data_received, b"y")
    assert await anext(body) == b"y"
