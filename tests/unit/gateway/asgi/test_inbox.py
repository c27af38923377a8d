"""Bodies that come through ASGI, and how a client's going away shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from vizgate.errors import BadBody, BodyTooLarge, ClientGone, RequestTimedOut
from vizgate.gateway.asgi.inbox import AsgiBody, Inbox
from vizgate.gateway.asgi.watch import ClientWatch
from vizgate.gateway.plan import UploadLimits
from vizgate.message.heads import CHUNKED, NO_BODY, BodyKind, Framing
from vizgate.testing import ManualClock


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


END = part(b"", more=False)
GONE = {"type": "http.disconnect"}


class Server:
    """Gives *messages*, then nothing; counts how often it was asked."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)


async def opened(server: Server, framing: Framing, limits: UploadLimits | None = None) -> Any:
    inbox = Inbox(server.receive, ClientWatch())
    return await inbox.open(framing, limits or UploadLimits(), ManualClock())


async def collect(body: AsyncIterator[bytes]) -> list[bytes]:
    return [data async for data in body]


async def test_body_without_announcement_is_looked_for() -> None:
    """HTTP/2 needs no field for a body: what the first message holds is the body."""
    assert b"" == (await opened(Server(END), NO_BODY)).data
    assert b"all" == (await opened(Server(part(b"all", more=False)), NO_BODY)).data
    body = await opened(Server(part(b"a"), part(b"b"), END), NO_BODY)
    assert (None, [b"a", b"b"]) == (body.length, await collect(body))


async def test_announced_body_is_not_read_before_it_is_wanted() -> None:
    """Nothing is asked of the server, so that a client that expects 100 (Continue) is not told to go on."""
    server = Server(part(b"ab"), END)
    body = await opened(server, Framing(BodyKind.LENGTH, 2))
    assert (0, 2) == (server.asked, body.length)
    assert [b"ab"] == await collect(body)
    assert (2, True) == (body.received_bytes, body.is_complete)


async def test_body_is_read_one_part_at_a_time() -> None:
    """A part is asked for when the one before has been taken: that is the backpressure of ASGI."""
    server = Server(*[part(b"x")] * 10, END)
    body = await opened(server, CHUNKED)
    await anext(body)
    assert 1 == server.asked
    await anext(body)
    assert 2 == server.asked


@pytest.mark.parametrize("messages", [(part(b"abc"), END), (part(b"a"), END), (part(b"abc", more=False),), (END,)])
async def test_body_that_is_not_as_long_as_it_says_breaks_off(messages: tuple[dict[str, Any], ...]) -> None:
    """The length goes to the upstream: what is longer or shorter must not become a whole request."""
    body = await opened(Server(*messages), Framing(BodyKind.LENGTH, 2))
    with pytest.raises(BadBody):
        await collect(body)


async def test_body_over_its_limit_breaks_off() -> None:
    """The limit counts content, not parts."""
    body = await opened(Server(part(b"ab"), part(b"c"), END), CHUNKED)
    body.limit_bytes = 2
    assert b"ab" == await anext(body)
    with pytest.raises(BodyTooLarge):
        await anext(body)


async def test_client_that_leaves_breaks_its_body_off() -> None:
    """A disconnect inside a body is no end of the body."""
    body = await opened(Server(part(b"half"), GONE), CHUNKED)
    with pytest.raises(ClientGone):
        await collect(body)
    with pytest.raises(ClientGone):
        await opened(Server(GONE), NO_BODY)


async def test_body_that_stalls_times_out() -> None:
    """``limits.body_idle`` bounds the wait for one part."""
    body = await opened(Server(), CHUNKED, UploadLimits(idle_s=0.001))
    with pytest.raises(RequestTimedOut):
        await anext(body)


async def test_body_that_drips_times_out() -> None:
    """``limits.body_rate`` is held against the time spent waiting, once ten seconds have passed."""
    clock = ManualClock()

    async def drip() -> dict[str, Any]:
        clock.advance(4.0)
        return part(b"x")

    body = AsgiBody(Inbox(drip, ClientWatch()), None, UploadLimits(rate_bytes=1000), clock)
    assert [b"x", b"x"] == [await anext(body), await anext(body)]
    with pytest.raises(RequestTimedOut):
        await anext(body)


async def test_read_collects_up_to_its_limit() -> None:
    """``read`` gives the whole body once and for all, or says that it is too long."""
    body = await opened(Server(part(b"ab"), part(b"c"), END), CHUNKED)
    assert b"abc" == await body.read(3) == await body.read(3)
    body = await opened(Server(part(b"ab"), part(b"c"), END), CHUNKED)
    with pytest.raises(BodyTooLarge):
        await body.read(2)


async def test_client_that_leaves_behind_its_body_cancels_the_work() -> None:
    """Work for nobody is cancelled once; the cancellation is told from others and undone."""
    watch = ClientWatch()
    inbox = Inbox(Server(END, GONE).receive, watch)
    await inbox.open(NO_BODY, UploadLimits(), ManualClock())
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert watch.is_gone
    assert watch.absorb()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()


async def test_cancellation_by_others_is_not_absorbed() -> None:
    """A server that shuts down cancels too, and that must not be mistaken for the client."""

    async def work(watches: list[ClientWatch]) -> bool:
        watches.append(ClientWatch())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return watches[0].absorb()
        return True

    for is_gone in (False, True):
        watches: list[ClientWatch] = []
        task = asyncio.create_task(work(watches))
        await asyncio.sleep(0)
        if is_gone:
            watches[0].gone()
        task.cancel()
        assert not await task


async def test_watch_that_was_closed_cancels_nobody() -> None:
    """A disconnect that comes after the end of a request does not hit what the task does next."""
    watch = ClientWatch()
    watch.close()
    watch.gone()
    await asyncio.sleep(0)
    assert not watch.is_gone


async def test_watch_leaves_no_cancellation_behind() -> None:
    """A cancellation that something inside has swallowed does not count against what comes after."""
    watch = ClientWatch()
    watch.gone()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(0)
    watch.close()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()


async def test_body_that_was_read_can_still_be_iterated() -> None:
    """A body that a middleware has read whole still goes to whoever iterates it next, within each reader's limit."""
    body = await opened(Server(part(b"ab"), part(b"c"), END), CHUNKED)
    assert await body.read(3) == b"abc"
    assert await collect(body) == [b"abc"]
    with pytest.raises(BodyTooLarge):
        await body.read(2)


async def test_body_after_too_large_is_spent() -> None:
    """Part of it is gone, so that the rest must never pass for the whole."""
    body = await opened(Server(part(b"abcd"), part(b"ef"), END), CHUNKED)
    for limit in (3, 100):
        with pytest.raises(BodyTooLarge):
            await body.read(limit)


async def test_body_that_is_not_in_memory_can_be_iterated_once() -> None:
    """What is gone must not look like an empty body to whoever asks next, a second attempt for example."""
    messages = [{"type": "http.request", "body": b"abc", "more_body": False}]

    async def receive() -> dict[str, object]:
        return messages.pop()

    body = AsgiBody(Inbox(receive, ClientWatch()), None, UploadLimits(), ManualClock())
    assert [data async for data in body] == [b"abc"]
    with pytest.raises(RuntimeError, match="once"):
        await anext(body)
