"""The store in a real Redis: ways to it, logging in, and what is kept there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.integration.installed import free_port
from tests.integration.redis_server import RedisServer
from tests.integration.store.hammering import hammers, results
from vizgate.extension.store import NO_CELLS, StoreFailed
from vizgate.store.config import RedisStoreConfig
from vizgate.store.redis.store import RedisStore
from vizgate.testing import check_store
from vizgate.testing.store_suite import CountUp, Remember

pytestmark = pytest.mark.system

REMEMBER = Remember()


def store_at(url: str, **settings: object) -> RedisStore:
    # The machine that runs the tests may be slow; how long an answer may take has tests of its own.
    return RedisStore(RedisStoreConfig.model_validate({"kind": "redis", "url": url, "timeout": 10.0, **settings}))


@asynccontextmanager
async def started(url: str, **settings: object) -> AsyncIterator[RedisStore]:
    store = store_at(url, **settings)
    await store.start()
    try:
        yield store
    finally:
        await store.stop()


@pytest.fixture
def redis_with(tmp_path: Path) -> AsyncIterator[Callable[..., RedisServer]]:
    """Starts a Redis with these options."""
    servers = []

    def start_it(*options: str) -> RedisServer:
        servers.append(RedisServer(tmp_path, options))
        servers[-1].start()
        return servers[-1]

    yield start_it
    for server in servers:
        server.kill()


async def test_redis_store_meets_the_contract(redis_server: RedisServer) -> None:
    """It does what every store must do."""
    await check_store(store_at(redis_server.url))


async def test_redis_through_a_unix_socket(redis_server: RedisServer) -> None:
    """A Redis on the same machine needs no port."""
    async with started(f"unix:{redis_server.socket_path}") as store:
        assert (1.0, 1.0) == await store.run(CountUp(), b"key", (9.0,))


async def test_redis_keeps_readable_text_that_expires(redis_server: RedisServer) -> None:
    """What is kept can be read by people, begins with the prefix, and leaves by itself."""
    async with started(redis_server.url, prefix="shop:") as store:
        await store.run(REMEMBER, b"key", (60.0, 0.5, 7.0))
        assert "0.5 7" == redis_server.ask("GET", "shop:key")
        assert 59_000 < int(redis_server.ask("PTTL", "shop:key")) <= 60_000
        await store.run(REMEMBER, b"key", (0.0,))
        assert "0" == redis_server.ask("EXISTS", "shop:key")


async def test_redis_longest_ttl_is_kept(redis_server: RedisServer) -> None:
    """A ttl without end, or a very short one, is one that Redis takes."""
    async with started(redis_server.url) as store:
        await store.run(REMEMBER, b"long", (float("inf"), 1.0))
        await store.run(REMEMBER, b"short", (1e-9, 1.0))
        assert (1.0,) == await store.run(REMEMBER, b"long", (60.0,))


async def test_redis_database_of_the_url(redis_server: RedisServer) -> None:
    """The number in the URL is the database."""
    async with started(redis_server.url.replace("/0", "/5")) as store:
        await store.run(REMEMBER, b"key", (60.0, 1.0))
    assert "" == redis_server.ask("GET", "vizgate:key")


async def test_redis_password_and_user(redis_with: Callable[..., RedisServer]) -> None:
    """A password alone is that of the default user; a user of its own needs both."""
    # What docs/how-to/share-counters.md says that a user of its own needs, and nothing else.
    allowed = ["+evalsha", "+script|load", "+ping", "+select", "+time", "+get", "+set", "+del"]
    server = redis_with("--requirepass", "s3cret", "--user", "gateway", "on", ">pass word", "~vizgate:*", *allowed)
    for login in ({"password": "s3cret"}, {"username": "gateway", "password": "pass word"}):
        async with started(server.url, **login) as store:
            assert 1.0 == (await store.run(CountUp(), b"key", (9.0,)))[0]
            await store.run(REMEMBER, b"key", (0.0,))


@pytest.mark.parametrize("password", [None, "wr0ng"])
async def test_redis_login_refused_is_away_and_told_without_the_password(
    redis_with: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture, password: str | None
) -> None:
    """A wrong password, or none, does not keep the gateway from starting; the log says what is wrong, and no secret."""
    server = redis_with("--requirepass", "s3cret")
    with caplog.at_level(logging.WARNING):
        async with started(server.url, password=password) as store:
            with pytest.raises(StoreFailed, match=r"is away: (AUTH|PING) was refused: (WRONGPASS|NOAUTH)"):
                await store.run(CountUp(), b"key", (9.0,))
    assert "was refused" in caplog.text
    assert "wr0ng" not in caplog.text


async def test_redis_over_tls(redis_with: Callable[..., RedisServer], authority: trustme.CA, tmp_path: Path) -> None:
    """rediss:// checks the certificate against the authorities it is told, or not at all if that is asked for."""
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls_port, pem = free_port(), str(tmp_path / "server.pem")
    redis_with(
        "--tls-port", str(tls_port), "--tls-cert-file", pem, "--tls-key-file", pem,
        "--tls-ca-cert-file", str(tmp_path / "ca.pem"), "--tls-auth-clients", "no",
    )  # fmt: skip
    url = f"rediss://127.0.0.1:{tls_port}/0"
    for trust in ({"ca": tmp_path / "ca.pem"}, {"verify": False}):
        async with started(url, **trust) as store:
            assert 1.0 == (await store.run(CountUp(), b"key", (9.0,)))[0]
    async with started(url) as store:
        with pytest.raises(StoreFailed, match="certificate verify failed"):
            await store.run(CountUp(), b"key", (9.0,))


async def test_redis_authorities_that_are_none_are_named(tmp_path: Path) -> None:
    """A file without certificates is found before anything is connected to."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(Exception, match=r"store\.ca: cannot use '.*ca\.pem'"):
        store_at("rediss://127.0.0.1:1/0", ca=tmp_path / "ca.pem")


async def test_redis_processes_together_pass_exactly_the_budget(redis_server: RedisServer) -> None:
    """Four processes that all want more than there is get what there is: not one more, not one less."""
    with hammers(4, redis_server.url, "one", times=4000, most=10_000) as processes:
        found = results(processes)
    assert 10_000 == sum(passed for passed, _ in found)
    assert 0 == sum(failed for _, failed in found)


async def test_redis_that_lost_its_scripts_gets_them_again(redis_server: RedisServer) -> None:
    """After a flush, as after a failover, many asked at once are all answered, and each is counted once."""
    async with started(redis_server.url) as store:
        await store.run(CountUp(), b"key", (1e9,))
        redis_server.ask("SCRIPT", "FLUSH")
        answers = await asyncio.gather(*(store.run(CountUp(), b"key", (1e9,)) for _ in range(300)))
        assert list(range(2, 302)) == sorted(count for _, count in answers)


async def test_redis_programs_without_end_are_refused(redis_server: RedisServer) -> None:
    """A program whose Lua is another one each time would fill Redis; its author is told."""

    class Varying(CountUp):
        def __init__(self, number: int) -> None:
            self.lua = f"{CountUp.lua} -- {number}"

    async with started(redis_server.url) as store:
        await asyncio.gather(*(store.run(Varying(number), b"key", (1e9,)) for number in range(200)))
        with pytest.raises(StoreFailed, match="must be an argument"):
            store.run(Varying(200), b"key", (1e9,))


async def test_redis_read_only_is_left_for_another(redis_server: RedisServer) -> None:
    """A server that has become a replica refuses; the store tells, and connects anew, maybe to the new primary."""
    async with started(redis_server.url) as store:
        redis_server.ask("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreFailed, match="READONLY"):
            await store.run(REMEMBER, b"key", (60.0, 1.0))
        redis_server.ask("REPLICAOF", "NO", "ONE")
        assert NO_CELLS == await eventually(store)


async def eventually(store: RedisStore) -> object:
    """The first answer once the store is back."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await store.run(REMEMBER, b"key", (60.0, 1.0))
            except StoreFailed:
                await asyncio.sleep(0.01)
