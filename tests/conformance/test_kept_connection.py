"""Second requests: on a connection that is kept, answers of every kind are what they are on a new one.

The gateway takes a short way for a request on a kept connection whose answer comes in one piece. What begins on that
way and turns out to be another kind must end as on the long one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.harness import RigFactory, get, is_problem_json, post, wire
from vizgate.testing.raw_client import ConnectionEnded
from vizgate.testing.steps import OK, Step, answer, close, half_close, read_request, reset, send, stall

PLAIN = wire("HTTP/1.1 200 OK", "Content-Length: 5", "X-A: 1", body="hello")
CHUNKED = wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n")
BYTES = [PLAIN[at : at + 1] for at in range(len(PLAIN))]
INTERIM = wire("HTTP/1.1 103 Early Hints", "Link: </a>")
KEPT = (read_request(), send(OK), read_request())


@pytest.mark.parametrize(
    "pieces",
    [
        [PLAIN],
        BYTES,
        [PLAIN[:-2], PLAIN[-2:]],
        [PLAIN[:-5], PLAIN[-5:]],
        [INTERIM + PLAIN],
        [INTERIM, PLAIN],
        [INTERIM + PLAIN[:-1], PLAIN[-1:]],
        [CHUNKED],
        [CHUNKED[:-7], CHUNKED[-7:]],
    ],
    ids=[
        "whole",
        "bytes",
        "in-body",
        "behind-head",
        "interim",
        "interim-apart",
        "interim-cut",
        "chunked",
        "chunked-cut",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_second_answer_is_relayed_however_it_comes(rig: RigFactory, pieces: list[bytes], method: str) -> None:
    """In one piece or many, with interim answers before it or a length that nobody told; and a third request works."""
    request = get() if method == "GET" else post("Content-Length: 2", body="hi")
    async with rig([*KEPT, send(*pieces), answer()]) as running, running.client() as client:
        await client.send(get())
        assert b"ok" == (await client.read_response()).body
        await client.send(request)
        response = await client.read_response(method)
        assert (200, b"hello") == (response.status, response.body)
        await client.send(get())
        assert b"ok" == (await client.read_response()).body
        assert [b"GET", method.encode(), b"GET"] == [one.method for one in running.upstream.complete_requests]
        assert 1 == len(running.upstream.connections)


@pytest.mark.parametrize(
    "head",
    [
        wire("HTTP/1.1 200 OK", "Content-Length: 5"),
        wire("HTTP/1.1 304 Not Modified", "ETag: a"),
        wire("HTTP/1.1 204 No Content"),
        wire("HTTP/1.1 200 OK", "Content-Length: 0"),
    ],
    ids=["HEAD", "304", "204", "empty"],
)
async def test_second_answer_without_a_body_keeps_the_connection(rig: RigFactory, head: bytes) -> None:
    """What has no body has none, and the next answer is the next one's."""
    method = "HEAD" if b"Length: 5" in head else "GET"
    async with rig([*KEPT, send(head), answer(PLAIN)]) as running, running.client() as client:
        await client.send(get())
        await client.read_response()
        await client.send(wire(f"{method} /x HTTP/1.1", "Host: a.example"))
        assert b"" == (await client.read_response(method)).body
        await client.send(get())
        assert b"hello" == (await client.read_response()).body
        assert 1 == len(running.upstream.connections)


@pytest.mark.parametrize(
    "message",
    [PLAIN + b"x", PLAIN + OK, PLAIN.replace(b"X-A: 1", b"Connection: close"), b""],
    ids=["surplus", "second-answer", "close", "end"],
)
async def test_connection_that_is_not_clean_is_not_used_again(rig: RigFactory, message: bytes) -> None:
    """Bytes behind an answer, or its word that it is the last: the third request goes out on another connection."""
    ending: list[Step] = [half_close()] if not message else []
    script = [*KEPT, send(message or PLAIN), *ending, stall()]
    async with rig(script, [answer()]) as running, running.client() as client:
        await client.send(get())
        await client.read_response()
        await client.send(get())
        assert b"hello" == (await client.read_response()).body
        await running.settle()
        await client.send(get())
        assert b"ok" == (await client.read_response()).body
        assert 2 == len(running.upstream.connections)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 502),
        (b"HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n", 502),
        (b"nonsense\r\n\r\n", 502),
        (wire("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: x"), 502),
        (wire("HTTP/1.1 200 OK")[:-2], 502),
    ],
    ids=["two-lengths", "bad-field", "no-http", "unasked-switch", "cut-head"],
)
async def test_second_answer_that_is_none_is_502(rig: RigFactory, message: bytes, status: int, is_peer: bool) -> None:
    """A bad answer is told as such, its connection closed, and nothing is sent again."""
    async with rig([*KEPT, send(message), close()], [answer()]) as running, running.client() as client:
        await client.send(get())
        await client.read_response()
        await client.send(get())
        response = await client.read_response()
        assert response.status == status or is_peer
        assert is_problem_json(response) or is_peer
        assert 2 == len(running.upstream.complete_requests) or is_peer


@pytest.mark.parametrize("ending", [close, reset])
async def test_second_answer_that_breaks_off_is_cut_for_the_client(rig: RigFactory, ending: Callable[[], Step]) -> None:
    """Half a body is never passed on as a whole one."""
    async with rig([*KEPT, send(PLAIN[:-2]), ending()], [answer()]) as running, running.client() as client:
        await client.send(get())
        await client.read_response()
        await client.send(get())
        with pytest.raises(ConnectionEnded):
            await client.read_response()
        assert 2 == len(running.upstream.complete_requests)


async def test_second_answer_that_does_not_come_is_504(rig: RigFactory) -> None:
    """The time for an answer is the same on every connection, and a GET that timed out is not sent again."""
    config = {"services.origin.timeouts": {"response": "200ms"}}
    async with rig([*KEPT, stall()], [answer()], config=config) as running, running.client() as client:
        await client.send(get())
        await client.read_response()
        await client.send(get())
        assert 504 == (await client.read_response()).status
        await running.upstream.wait_for(lambda: not running.upstream.connections[0].is_open)
        assert 2 == len(running.upstream.complete_requests)


async def test_client_that_leaves_during_its_second_request_frees_the_upstream(rig: RigFactory) -> None:
    """The attempt of a client that has gone is given up, and its connection with it."""
    async with rig([*KEPT, stall()]) as running:
        async with running.client() as client:
            await client.send(get())
            await client.read_response()
            await client.send(get())
            await running.upstream.wait_for(lambda: len(running.upstream.complete_requests) == 2)
        await running.upstream.wait_for(lambda: not running.upstream.connections[0].is_open)
