"""Copies of requests, and that they cost the primary nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from vizgate.errors import ResponseTimedOut
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.body import Body, BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.traffic.config import MirrorConfig
from vizgate.traffic.mirror import OUTCOMES, Mirror, Ways


class Service:
    """Remembers what it gets; *hangs* until it is let go."""

    def __init__(self, error: Exception | None = None, *, hangs: bool = False) -> None:
        self.seen: list[tuple[Request, bytes]] = []
        self.go = asyncio.Event()
        self._error = error
        if not hangs:
            self.go.set()

    async def __call__(self, request: Request) -> Response:
        body = request.body.data
        self.seen.append((request, b"".join([c async for c in request.body]) if body is None else body))
        await self.go.wait()
        if self._error is not None:
            raise self._error
        return Response(200, body=b"ok")


def mirror(primary: Any, other: Any, **config: Any) -> Mirror:
    settings = MirrorConfig.model_validate({"service": "other", **config})
    return Mirror(settings, Ways(primary, other), Context(route="r", random=Random(1)))


def counts(layer: Mirror) -> dict[str, int]:
    family = layer.context.metrics.counters("mirrored_requests", "", ("route", "outcome"))
    return {outcome: family.of("r", outcome).value for outcome in OUTCOMES if family.of("r", outcome).value}


def request(body: Body | None = None, **more: Any) -> Request:
    return Request(
        "POST", b"/x?y", Headers.of([("X-A", "1")]), id="7", client="192.0.2.1", body=body or BytesBody(b"hi"), **more
    )


async def settle(layer: Mirror) -> None:
    await asyncio.wait_for(asyncio.gather(*layer._tasks), 5)


def stream(*chunks: bytes, length: int | None = None) -> StreamBody:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return StreamBody(source(), length)


async def test_copy_is_what_the_primary_gets() -> None:
    """Same method, target, fields, id, client and body; what the primary does to its own does not show."""
    other = Service()

    async def primary(one: Request) -> Response:
        one.headers["X-A"] = "changed"
        return Response(201)

    layer = mirror(primary, other)
    assert 201 == (await layer(request())).status
    await settle(layer)
    [(copy, body)] = other.seen
    assert ("POST", b"/x?y", "7", "192.0.2.1", b"hi") == (copy.method, copy.target, copy.id, copy.client, body)
    assert [("X-A", "1")] == copy.headers.items()
    assert {"answered": 1} == counts(layer)


async def test_primary_does_not_wait() -> None:
    """A mirror that hangs holds nobody up; when there are enough copies, the next is not sent."""
    primary, other = Service(), Service(hangs=True)
    layer = mirror(primary, other, in_flight=2)
    for _ in range(5):
        assert 200 == (await layer(request())).status
        await asyncio.sleep(0)
    assert (2, 2) == (layer.in_flight, len(other.seen))
    assert {"too_many": 3} == counts(layer)
    other.go.set()
    await settle(layer)
    assert {"too_many": 3, "answered": 2} == counts(layer)


@pytest.mark.parametrize("error", [ResponseTimedOut("late"), RuntimeError("broken"), TimeoutError()])
async def test_failures_of_the_mirror_are_nobodys(error: Exception) -> None:
    """Whatever the copy ends with, the primary's answer stands, and the failure is counted."""
    layer = mirror(Service(), Service(error))
    assert 200 == (await layer(request())).status
    await settle(layer)
    assert {"failed": 1} == counts(layer)


async def test_copy_has_a_time_of_its_own() -> None:
    """A copy that takes longer than ``timeout`` is given up."""
    layer = mirror(Service(), Service(hangs=True), timeout=0.01)
    await layer(request())
    await settle(layer)
    assert {"failed": 1} == counts(layer)


async def test_arriving_body_is_copied_while_it_passes() -> None:
    """The primary reads chunk by chunk; the copy is sent when all of it was there."""
    primary, other = Service(), Service()
    layer = mirror(primary, other)
    assert 200 == (await layer(request(stream(b"one ", b"two")))).status
    await settle(layer)
    assert [b"one two"] == [body for _, body in primary.seen] == [body for _, body in other.seen]


@pytest.mark.parametrize("body", [BytesBody(b"12345"), stream(b"123", b"45", length=5), stream(b"123", b"45")])
async def test_long_body_is_not_copied(body: Body) -> None:
    """Over ``body_limit`` there is no copy; the primary gets all of it."""
    primary, other = Service(), Service()
    layer = mirror(primary, other, body_limit=4)
    await layer(request(body))
    await settle(layer)
    assert ([b"12345"], []) == ([seen for _, seen in primary.seen], other.seen)


async def test_body_that_was_not_read_is_not_copied() -> None:
    """A primary that answers early has not seen the request whole, and neither does the mirror."""

    async def primary(_request: Request) -> Response:
        return Response(413)

    other = Service()
    layer = mirror(primary, other)
    await layer(request(stream(b"one")))
    await settle(layer)
    assert [] == other.seen


async def test_upgrade_is_not_copied() -> None:
    """A conversation cannot be held twice."""
    other = Service()
    layer = mirror(Service(), other)
    await layer(request(upgrade=b"websocket"))
    await settle(layer)
    assert [] == other.seen


async def test_percent_is_the_share_of_requests() -> None:
    """10 % of 1000 requests are about 100 copies."""
    other = Service()
    layer = mirror(Service(), other, percent=10)
    for _ in range(1000):
        await layer(request())
        await settle(layer)
    assert 70 < len(other.seen) < 130


async def test_stop_gives_copies_up() -> None:
    """Nothing is left running after ``stop``, and what a copy held is let go of."""
    ended = []

    async def other(copy: Request) -> Response:
        copy.on_complete(lambda: ended.append(copy.id))
        await asyncio.Event().wait()
        raise AssertionError

    layer = mirror(Service(), other)
    await layer(request())
    await asyncio.sleep(0)
    await layer.stop()
    assert (0, ["7"]) == (layer.in_flight, ended)
