"""The store in Redis while Redis is late, gone, or something else."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.integration.installed import free_port
from tests.integration.redis_server import RedisServer
from tests.integration.store.test_redis import eventually, started
from vizgate.extension.store import NO_CELLS, StoreFailed
from vizgate.store.redis.connection import MAX_IN_FLIGHT
from vizgate.testing.store_suite import CountUp, Remember

pytestmark = pytest.mark.system

REMEMBER = Remember()


async def until(is_so: Callable[[], bool]) -> None:
    """Return once it is."""
    while not is_so():  # noqa: ASYNC110  # tasks of the test count, and tell nobody
        await asyncio.sleep(0.001)


async def test_redis_away_at_the_start_comes_later(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """A gateway starts without its Redis, fails at once meanwhile, tells so once, and connects when it is there."""
    redis_server.kill()
    with caplog.at_level(logging.INFO):
        async with started(redis_server.url) as store:
            for _ in range(3):
                with pytest.raises(StoreFailed, match=f"127.0.0.1:{redis_server.port} is away"):
                    store.run(REMEMBER, b"key", (60.0, 1.0))
            await asyncio.to_thread(redis_server.start)
            assert NO_CELLS == await eventually(store)
    assert 1 == caplog.text.count("is away")
    assert 1 == caplog.text.count("connected to Redis")


async def test_redis_killed_under_load_every_asker_is_told(redis_server: RedisServer) -> None:
    """Whoever waits when Redis dies is told so; once it is back, so are the answers, each to whoever asked."""
    async with started(redis_server.url) as store:
        outcomes = {"right": 0, "failed": 0}
        back = asyncio.Event()

        async def keep_asking(number: int) -> None:
            turn = 0
            while not (back.is_set() and turn and turn % 50 == 0):
                turn += 1
                mine = (float(number), float(turn))
                try:
                    await store.run(REMEMBER, b"key %d" % number, (60.0, *mine))
                    kept = await store.run(REMEMBER, b"key %d" % number, (60.0, *mine))
                except StoreFailed:
                    outcomes["failed"] += 1
                    await asyncio.sleep(0)
                else:
                    # Between the two, a new Redis may have come that knows nothing.
                    assert kept in {mine, NO_CELLS}
                    outcomes["right"] += 1

        asking = [asyncio.create_task(keep_asking(number)) for number in range(20)]
        async with asyncio.timeout(60):
            for _ in range(3):
                failed, right = outcomes["failed"], outcomes["right"]
                redis_server.kill()
                await until(lambda: outcomes["failed"] >= failed + 20)  # noqa: B023  # awaited here
                await asyncio.to_thread(redis_server.start)
                await until(lambda: outcomes["right"] >= right + 200)  # noqa: B023  # awaited here
            back.set()
            await asyncio.gather(*asking)
        assert store._opened.value == 4


async def test_redis_that_hangs_costs_a_short_wait_once(redis_server: RedisServer) -> None:
    """Who is waiting is told after `timeout`, who comes then at once; nothing piles up behind a Redis that hangs."""
    async with started(redis_server.url, timeout=0.2) as store:
        assert NO_CELLS == await eventually(store)
        redis_server.pause()
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        waiting = [store.run(REMEMBER, b"key", (60.0, 1.0)) for _ in range(50)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert {"Redis did not answer within 0.2 s"} == set(map(str, answers))
        assert 0.2 <= loop.time() - before_s
        with pytest.raises(StoreFailed, match="does not answer in time"):
            store.run(REMEMBER, b"key", (60.0, 1.0))
        redis_server.resume()
        assert (1.0,) == await eventually(store)


def occupy_the_loop() -> None:
    """Take much longer than an answer may take."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 400_000)


async def test_redis_is_not_late_because_the_loop_is(redis_server: RedisServer) -> None:
    """Whoever has a gateway handle a thousand requests at once does not have limits lifted by it: time that the loop
    spends before it sends, or before it reads what has come, is not the time of Redis.
    """
    async with started(redis_server.url, timeout=0.05) as store:
        await eventually(store)
        waiting = [store.run(CountUp(), b"burst", (1e9,)) for _ in range(2000)]
        occupy_the_loop()
        for _ in range(4):
            await asyncio.sleep(0)
            occupy_the_loop()
        assert list(map(float, range(1, 2001))) == [count for _, count in await asyncio.gather(*waiting)]


async def test_redis_that_answers_one_after_the_other_is_not_late() -> None:
    """While answers keep coming, those at the end of the queue are waited for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            for name in re.findall(rb"PING|LOAD|EVALSHA", data):
                if name == b"EVALSHA":
                    await asyncio.sleep(0.02)
                writer.write(b"$1\r\n7\r\n" if name == b"EVALSHA" else b"+OK\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, started(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.1) as store:
        waiting = [store.run(REMEMBER, b"key", ()) for _ in range(10)]
        assert [(7.0,)] * 10 == await asyncio.gather(*waiting)


async def test_redis_late_answer_goes_to_nobody(redis_server: RedisServer) -> None:
    """Answers that come after their askers have left are not taken for those of later ones."""
    async with started(redis_server.url, timeout=0.1) as store:
        assert NO_CELLS == await eventually(store)
        redis_server.pause()
        late = [store.run(REMEMBER, b"late", (60.0, float(number))) for number in range(20)]
        await asyncio.gather(*late, return_exceptions=True)
        redis_server.resume()
        await eventually(store)
        assert (19.0,) == await store.run(REMEMBER, b"late", (60.0,))


async def test_redis_asker_that_gives_up_disturbs_nobody(redis_server: RedisServer) -> None:
    """A request that is cancelled while it waits leaves its answer to nobody; the others get theirs."""
    async with started(redis_server.url) as store:
        await store.run(REMEMBER, b"one", (60.0, 1.0))
        await store.run(REMEMBER, b"two", (60.0, 2.0))
        one, two = store.run(REMEMBER, b"one", (60.0,)), store.run(REMEMBER, b"two", (60.0,))
        one.cancel()
        assert (2.0,) == await two


async def test_redis_queue_is_bounded(redis_server: RedisServer) -> None:
    """More than so many answers are not waited for: who comes then fails at once."""
    async with started(redis_server.url, timeout=5.0) as store:
        await store.run(CountUp(), b"key", (1e9,))
        redis_server.pause()
        waiting = [store.run(CountUp(), b"key", (1e9,)) for _ in range(MAX_IN_FLIGHT)]
        with pytest.raises(StoreFailed, match="waited for already"):
            store.run(CountUp(), b"key", (1e9,))
        redis_server.resume()
        answers = await asyncio.gather(*waiting)
        assert [float(number) for number in range(2, MAX_IN_FLIGHT + 2)] == [count for _, count in answers]


async def test_redis_that_hangs_for_long_is_given_up(redis_server: RedisServer) -> None:
    """A connection on which nothing comes any more, as after a cable was cut, is replaced by a new one."""
    async with started(redis_server.url, timeout=0.05) as store:
        assert NO_CELLS == await eventually(store)
        redis_server.pause()
        first = store._connection
        with pytest.raises(StoreFailed):
            await store.run(REMEMBER, b"key", (60.0, 1.0))
        assert "it does not answer any more" == await first.ended
        redis_server.resume()
        assert (1.0,) == await eventually(store)
        assert first is not store._connection


async def test_redis_stop_tells_who_waits(redis_server: RedisServer) -> None:
    """A store that stops leaves nobody waiting, and fails from then on."""
    async with started(redis_server.url) as store:
        redis_server.pause()
        waiting = store.run(REMEMBER, b"key", (60.0, 1.0))
        await store.stop()
        with pytest.raises(StoreFailed, match="the gateway stops"):
            await waiting
        with pytest.raises(StoreFailed, match="stopped"):
            store.run(REMEMBER, b"key", (60.0, 1.0))
        redis_server.resume()


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+PONG\r\n+PONG\r\n", b"$5\r\nhelloXX"])
async def test_redis_that_is_something_else_is_away(words: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A port on which something else answers is no store, and does not harm the gateway."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(words)
        await reader.read()
        writer.close()

    port = free_port()
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server, started(f"redis://127.0.0.1:{port}/0") as store:
        with caplog.at_level(logging.WARNING), pytest.raises(StoreFailed):
            await store.run(REMEMBER, b"key", (60.0, 1.0))
        await until(lambda: "it is no Redis" in caplog.text)


async def test_redis_that_hangs_up_at_once_is_asked_less_and_less() -> None:
    """A server that lets in and then hangs up is not asked again and again without a pause that grows."""
    loop, accepted = asyncio.get_running_loop(), []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(loop.time())
        await reader.readline()
        writer.write(b"+PONG\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(hang_up, "127.0.0.1", port)
    async with server, started(f"redis://127.0.0.1:{port}/0"):
        await until(lambda: len(accepted) == 5)
    pauses = [later - sooner for sooner, later in pairwise(accepted)]
    assert [True] * 4 == [pause >= 0.025 * 2**number for number, pause in enumerate(pauses)]


async def test_redis_that_accepts_and_says_nothing_is_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting is bounded in time, too."""
    monkeypatch.setattr("vizgate.store.redis.connect.CONNECT_S", 0.1)
    release = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    port = free_port()
    server = await asyncio.start_server(silent, "127.0.0.1", port)
    async with server, started(f"redis://127.0.0.1:{port}/0") as store:
        with pytest.raises(StoreFailed, match=r"is away: no connection within 0\.1 s"):
            store.run(REMEMBER, b"key", (60.0, 1.0))
        release.set()
