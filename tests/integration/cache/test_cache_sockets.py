"""The cache over real sockets, by every way in, with an upstream that writes its answers byte by byte."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import Door, DoorFactory, gateway_of, listening
from vizgate.testing.raw_client import ConnectionEnded, RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, reset, send, stall, wait

OK = b'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: "a"\r\nContent-Length: 2\r\n\r\nok'
CHUNKED = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"


def parts(*urls: str, **settings: Any) -> dict[str, Any]:
    return {
        "services": {"a": {"targets": list(urls)}},
        "routes": [
            {"name": "r", "match": {"path": "/*"}, "service": "a", "middleware": [{"use": "cache", **settings}]}
        ],
    }


async def ask(door: Door, line: bytes = b"GET /x", *fields: str) -> RawResponse:
    async with door.client() as client:
        head = "".join(f"{field}\r\n" for field in ("Host: example.com", *fields)).encode()
        await client.send(line + b" HTTP/1.1\r\n" + head + b"\r\n")
        return await client.read_response(line.partition(b" ")[0].decode())


def status_of(response: RawResponse) -> bytes:
    return response.get_all(b"cache-status")[-1]


async def test_hit_miss_head_and_conditions(door: DoorFactory) -> None:
    """One question to the service; the rest is answered by what it said, with one Date and the right length."""
    async with ScriptedUpstream([answer(OK)]) as upstream, door(parts(upstream.url)) as opened:
        miss, hit = await ask(opened), await ask(opened)
        head = await ask(opened, b"HEAD /x")
        known = await ask(opened, b"GET /x", 'If-None-Match: "a"')
        part = await ask(opened, b"GET /x", "Range: bytes=1-1")
        assert [(200, b"ok"), (200, b"ok"), (200, b""), (304, b""), (206, b"k")] == [
            (response.status, response.body) for response in (miss, hit, head, known, part)
        ]
        assert b"vizgate; fwd=uri-miss; fwd-status=200; stored" == status_of(miss)
        assert status_of(hit).startswith(b"vizgate; hit; ttl=")
        assert [b"2"] == head.get_all(b"content-length")
        assert [b"1"] == part.get_all(b"content-length")
        assert {1} == {len(response.get_all(b"date")) for response in (miss, hit, head, known, part)}
        assert [0, 1, 1, 1, 1] == [len(response.get_all(b"age")) for response in (miss, hit, head, known, part)]
        assert 1 == len(upstream.complete_requests)


async def test_misses_at_once_are_one_request(door: DoorFactory) -> None:
    """However many clients ask for the same before it is there, the service sees one request."""
    slow = asyncio.Event()
    async with (
        ScriptedUpstream([read_request(), wait(slow), send(OK)]) as upstream,
        door(parts(upstream.url)) as opened,
    ):
        tasks = [asyncio.ensure_future(ask(opened)) for _ in range(200)]
        await upstream.wait_for(lambda: len(upstream.requests) > 0)
        await asyncio.sleep(0.2)
        slow.set()
        answers = await asyncio.gather(*tasks)
        assert {(200, b"ok")} == {(response.status, response.body) for response in answers}
        assert 1 == len(upstream.complete_requests)


async def test_interim_answers_reach_the_one_who_asked(tmp_path: Path) -> None:
    """A 103 on the way to a stored answer is relayed, and not stored."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    script = [answer(early + OK)]
    async with ScriptedUpstream(script) as upstream, listening(tmp_path / "log", parts(upstream.url)) as opened:
        first, second = await ask(opened), await ask(opened)
        assert ((103,), ()) == (first.interim, second.interim)
        assert [] == second.get_all(b"link")


async def test_cut_body_breaks_off_the_client_and_is_not_stored(door: DoorFactory) -> None:
    """The client sees that its answer is not whole, and the next one asks the service."""
    cut = [read_request(), send(CHUNKED + b"3\r\nabc\r\n"), reset()]
    async with ScriptedUpstream(cut, [answer(OK)]) as upstream, door(parts(upstream.url)) as opened:
        with pytest.raises(ConnectionEnded):
            await ask(opened)
        assert b"ok" == (await ask(opened)).body
        assert 2 == len(upstream.complete_requests)


async def test_client_that_leaves_alone_lets_go_of_the_service(door: DoorFactory) -> None:
    """Nobody waits for the answer any more: the connection to the service is closed, and nothing is stored."""
    async with ScriptedUpstream([read_request(), stall()]) as upstream, door(parts(upstream.url)) as opened:
        async with opened.client() as client:
            await client.send(b"GET /x HTTP/1.1\r\nHost: example.com\r\n\r\n")
            await upstream.wait_for(lambda: len(upstream.complete_requests) == 1)
        await upstream.wait_quiet()


async def test_client_that_leaves_takes_nothing_from_others(door: DoorFactory) -> None:
    """The service is asked once, though the one for whom it was asked has gone."""
    slow = asyncio.Event()
    async with (
        ScriptedUpstream([read_request(), wait(slow), send(OK)]) as upstream,
        door(parts(upstream.url)) as opened,
    ):
        async with opened.client() as client:
            await client.send(b"GET /x HTTP/1.1\r\nHost: example.com\r\n\r\n")
            await upstream.wait_for(lambda: len(upstream.complete_requests) == 1)
            others = [asyncio.ensure_future(ask(opened)) for _ in range(20)]
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)
        slow.set()
        assert {b"ok"} == {response.body for response in await asyncio.gather(*others)}
        assert 1 == len(upstream.requests)


async def test_long_body_is_passed_on_whole(door: DoorFactory) -> None:
    """A chunked body over ``max_object`` arrives whole each time, and each time from the service."""
    pieces = [b"%x\r\n%b\r\n" % (60_000, b"x" * 60_000)] * 40
    script = [read_request(), send(CHUNKED, *pieces, b"0\r\n\r\n")]
    async with ScriptedUpstream(script) as upstream, door(parts(upstream.url)) as opened:
        for _ in range(2):
            assert b"x" * 2_400_000 == (await ask(opened)).body
        assert 2 == len(upstream.complete_requests)


async def test_slow_readers_of_one_answer_do_not_hold_it_each(tmp_path: Path) -> None:
    """What is stored is one for all of them; of what a client has not taken only a little waits for it."""
    content = bytes(8 * 1024 * 1024)
    head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: %d\r\n\r\n" % len(content)
    configuration = parts("", size="16MiB", max_object="8MiB")
    async with ScriptedUpstream([answer(head + content)]) as upstream:
        configuration["services"]["a"]["targets"] = [upstream.url]
        async with gateway_of(tmp_path / "log", configuration) as gateway:
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*gateway.addresses[0], limit=4096)
                writer.write(b"GET /x HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
                await reader.readuntil(b"\r\n\r\n")
                assert gateway._public is not None
                (served,) = gateway._public.connections
                async with asyncio.timeout(5):
                    while not served.stream.is_writing_paused:  # noqa: ASYNC110  # the kernel decides, and tells nobody
                        await asyncio.sleep(0)
                assert served.stream.transport.get_write_buffer_size() <= 512 * 1024
                assert content == await reader.read()
                writer.close()
            assert 1 == len(upstream.complete_requests)


async def test_unreachable_service_is_replaced_by_what_is_stale(door: DoorFactory) -> None:
    """``stale_if_error`` counts when no connection can be made, too."""
    stale = OK.replace(b"max-age=60", b"max-age=0, stale-if-error=60")
    upstream = ScriptedUpstream([answer(stale)])
    async with upstream:
        url = upstream.url
        async with door(parts(url)) as opened:
            await ask(opened)
            await upstream.__aexit__(None, None, None)
            response = await ask(opened)
            assert (200, b"ok") == (response.status, response.body)
            assert status_of(response).endswith(b"detail=stale-if-error")
            assert 502 == (await ask(opened, b"GET /other")).status


async def test_access_log_tells_hits_from_misses(door: DoorFactory) -> None:
    """A hit has no upstream and no attempt; a miss has both, though another task has asked."""
    async with ScriptedUpstream([answer(OK)]) as upstream, door(parts(upstream.url)) as opened:
        await ask(opened)
        await ask(opened)
    first, second = opened.records()
    assert (1, "a") == (first["attempts"], first["service"])
    assert 0 == second["attempts"]
    assert {200} == {first["status"], second["status"]}
