"""Limits: what is too large is refused early, and nothing grows without bound (RFC 6585 5, RFC 9110 15.5.14)."""

from __future__ import annotations

import pytest

from tests.conformance.harness import (
    Case,
    RigFactory,
    Transcript,
    answered,
    cases,
    check_released,
    either,
    forwarded,
    get,
    post,
    rejected,
    wire,
)
from vizgate.testing.steps import answer, read_head, stall
from vizgate.testing.upstream_connection import End

# The limits of the configuration that these tests start from (conftest.py): head 16 KiB, 100 fields, body 64 KiB.
HEAD = 16 * 1024
BODY = 64 * 1024
_TOO_LARGE = either(rejected(400, 414, 431, 494), answered(400, 414, 431))


def fields(count: int, size: int) -> list[str]:
    """*count* fields of *size* bytes each."""
    return [f"X-{number:04}: ".ljust(size - 2, "a") for number in range(count)]


FITTING = "/" + "a" * (HEAD - 200)
ROWS = [
    Case("one-field", get("X-A: " + "b" * HEAD), _TOO_LARGE, rejected(431)),
    Case("one-field-much", get("X-A: " + "b" * 500_000), _TOO_LARGE, rejected(431)),
    Case("field-name", get("X" * HEAD + ": b"), _TOO_LARGE, rejected(431)),
    Case("cookie", get("Cookie: a=" + "b" * HEAD), _TOO_LARGE, rejected(431)),
    Case("many-fields-in-bytes", get(*fields(80, 300)), either(_TOO_LARGE, forwarded()), rejected(431)),
    Case("many-fields", get(*fields(150, 40)), either(_TOO_LARGE, forwarded()), rejected(431)),
    Case("101-fields", get(*fields(100, 20)), either(_TOO_LARGE, forwarded()), rejected(431)),
    Case("10000-fields", get(*(["A: b"] * 10_000)), _TOO_LARGE, rejected(431)),
    Case("head-never-ends", b"GET /x HTTP/1.1\r\nHost: a.example\r\n" + b"X-A: b\r\n" * 50_000, _TOO_LARGE,
         rejected(431)),
    Case("field-never-ends", b"GET /x HTTP/1.1\r\nHost: a.example\r\nX-A: " + b"b" * 500_000, _TOO_LARGE,
         rejected(431)),
    Case("target", get(target="/" + "a" * HEAD), _TOO_LARGE, rejected(414)),
    Case("target-much", get(target="/" + "a" * 500_000), _TOO_LARGE, rejected(414)),
    Case("query", get(target="/x?" + "a" * HEAD), _TOO_LARGE, rejected(414)),
    Case("target-never-ends", b"GET /" + b"a" * 500_000, _TOO_LARGE, rejected(414)),
    Case("absolute-target", get(target="http://a.example/" + "a" * HEAD), _TOO_LARGE, rejected(414)),
    Case("method-never-ends", b"G" * 500_000, either(_TOO_LARGE, rejected(400, 405, 501)),
         rejected(400, 414, 431, 501)),
    Case("host", wire("GET /x HTTP/1.1", "Host: " + "a" * HEAD), _TOO_LARGE, rejected(400, 431)),
    Case("99-fields", get(*fields(98, 20)), either(_TOO_LARGE, forwarded()), forwarded()),
    Case("head-just-fits", get("X-A: " + "b" * (HEAD - 100)), either(_TOO_LARGE, forwarded()), forwarded()),
    Case("target-just-fits", get(target=FITTING), either(_TOO_LARGE, forwarded(target=FITTING)),
         forwarded(target=FITTING)),
]  # fmt: skip


@cases(*ROWS)
async def test_head_over_a_limit(rig: RigFactory, case: Case, is_peer: bool) -> None:
    """A head over `limits.head` is 431, a request line alone over it 414, more than `limits.headers` fields 431."""
    async with rig() as running:
        case.judge(await running.play(case.request), is_external=is_peer)


def refused_413(seen: Transcript) -> None:
    """413, and the upstream never has a whole request."""
    assert [413] == seen.statuses[:1], seen
    assert not seen.requests, seen
    assert seen.end is not End.OPEN, seen


async def test_body_over_limit_by_length_is_413_before_the_upstream_hears_of_it(rig: RigFactory) -> None:
    """Content-Length tells enough: nothing is sent on."""
    async with rig() as running:
        seen = await running.play(post(f"Content-Length: {BODY + 1}", body="x" * (BODY + 1)))
        refused_413(seen)
        assert not [request for request in running.upstream.requests if request.target != b"/probe"]


async def test_body_over_limit_can_be_read_by_a_client_that_is_still_sending(rig: RigFactory) -> None:
    """The answer must not be lost in the RST of a connection closed with unread bytes."""
    async with rig() as running, running.client() as client:
        await client.send(*[post("Content-Length: 4000000"), *[b"x" * 40_000] * 10])
        assert 413 == (await client.read_response("POST")).status


async def test_body_over_limit_that_expects_100_is_refused_before_it_is_sent(rig: RigFactory) -> None:
    """That is what Expect is for."""
    async with rig() as running, running.client() as client:
        await client.send(post(f"Content-Length: {BODY + 1}", "Expect: 100-continue"))
        response = await client.read_response("POST")
        assert (413, ()) == (response.status, response.interim)


async def test_body_over_limit_in_chunks_leaves_upstream_incomplete(rig: RigFactory, is_peer: bool) -> None:
    """A chunked body is counted as it comes; over the limit the upstream's request stays without its end."""
    if is_peer:
        pytest.skip("not every peer has this limit")
    async with rig([read_head(), stall()]) as running:
        body = "2000\r\n" + "x" * 0x2000 + "\r\n"
        seen = await running.play(post("Transfer-Encoding: chunked", body=body * 20 + "0\r\n\r\n"))
        refused_413(seen)
        await check_released(seen)


async def test_body_just_at_limit_is_forwarded(rig: RigFactory) -> None:
    """The limit itself is allowed."""
    async with rig() as running:
        forwarded("x" * BODY)(await running.play(post(f"Content-Length: {BODY}", body="x" * BODY)))


async def test_body_limit_of_route_wins(rig: RigFactory) -> None:
    """A route may allow less, or everything with 0."""
    route = {"name": "origin", "match": {"path": "/*"}, "service": "origin"}
    async with rig(config={"routes": [{**route, "body_limit": "10B"}]}) as running:
        refused_413(await running.play(post("Content-Length: 11", body="x" * 11)))
    async with rig(config={"routes": [{**route, "body_limit": 0}]}) as running:
        forwarded("x" * (BODY + 1))(await running.play(post(f"Content-Length: {BODY + 1}", body="x" * (BODY + 1))))


async def test_response_head_at_limit_is_relayed(rig: RigFactory, is_peer: bool) -> None:
    """A response head under `limits.response_head` is fine."""
    if is_peer:
        pytest.skip("peers count their buffers differently")
    async with rig(
        [answer(wire("HTTP/1.1 200 OK", "X-A: " + "b" * 15_000, "Content-Length: 2", body="ok"))]
    ) as running:
        assert 200 == (await running.ask(get())).status


async def test_connections_over_limit_get_503(rig: RigFactory) -> None:
    """A gateway at its limit of connections says so and closes."""
    async with rig(config={"server.limits.connections": 2}) as running:
        async with running.client() as first, running.client() as second:
            for client in (first, second):
                await client.send(get())
                assert 200 == (await client.read_response()).status
            async with running.client() as third:
                await third.send(get())
                data = await third.read_to_end()
        assert data.startswith(b"HTTP/1.1 503")
