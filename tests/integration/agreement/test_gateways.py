"""Two gateways on one store: what clients and operators of one bring with them holds at the other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.program import Program, get, wait_until
from tests.integration.doors import configuration, gateway_of
from tests.integration.redis_server import RedisServer
from vizgate.gateway.agreement import agreement
from vizgate.gateway.server import Gateway
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import RawClient, RawResponse
from vizgate.testing.steps import answer

# What an operator says holds everywhere by then; a gateway looks once a second.
WITHIN_S = 2.0


@pytest.fixture
async def targets() -> AsyncIterator[list[str]]:
    """Two of them, which tell who they are."""
    names = [[answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)] for number in range(2)]
    async with ScriptedUpstream(names[0]) as a, ScriptedUpstream(names[1]) as b:
        yield [a.url, b.url]


def parts(store: Any, targets: list[str]) -> dict[str, Any]:
    return {
        "store": store,
        "server": {"admin": "127.0.0.1:0"},
        "services": {"users": {"targets": targets, "breaker": {}, "affinity": {"cookie": "vz"}}},
        "routes": [{"match": {"path": "/*"}, "service": "users"}],
    }


@asynccontextmanager
async def fleet(folder: Path, store: Any, targets: list[str], count: int = 2) -> AsyncIterator[list[Gateway]]:
    async with asyncio.TaskGroup() as group:
        gateways = [gateway_of(folder / f"log{number}", parts(store, targets)) for number in range(count)]
        for gateway in gateways:
            group.create_task(gateway.start())
    try:
        yield gateways
    finally:
        for gateway in gateways:
            await gateway.stop()


async def ask(gateway: Gateway, cookie: str = "") -> RawResponse:
    async with RawClient("127.0.0.1", gateway.addresses[0][1]) as client:
        field = f"Cookie: {cookie}\r\n" if cookie else ""
        await client.send(f"GET / HTTP/1.1\r\nHost: a\r\n{field}Connection: close\r\n\r\n".encode())
        return await client.read_response()


def cookie_of(response: RawResponse) -> str:
    (line,) = response.get_all(b"set-cookie")
    return line.decode().partition(";")[0]


async def force(gateway: Gateway, word: str) -> None:
    port = gateway.admin_address[1]
    async with RawClient("127.0.0.1", port) as client:
        head = f"POST /services/users/breaker/{word} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        await client.send(head.encode())
        assert 200 == (await client.read_response()).status


async def until(is_so: Callable[[], bool], within_s: float) -> None:
    """Return once it is. Raises: TimeoutError: it is not in time."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110  # gateways do it, and tell nobody
            await asyncio.sleep(0.005)


async def until_status(gateway: Gateway, status: int, within_s: float = WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while (await ask(gateway)).status != status:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.005)


async def check_cookies(one: Gateway, other: Gateway) -> None:
    """Each client stays with its target at the other gateway, which has nothing to tell it."""
    for _ in range(4):
        first = await ask(one)
        again = await ask(other, cookie_of(first))
        assert (first.body, []) == (again.body, again.get_all(b"set-cookie"))


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways of this process look more often, which is all that changes. Processes look as they do."""
    monkeypatch.setattr(agreement, "EVERY_S", 0.1)


@pytest.mark.system
@pytest.mark.usefixtures("often")
async def test_cookie_of_one_gateway_is_good_at_the_other(
    redis_server: RedisServer, targets: list[str], tmp_path: Path
) -> None:
    """Also at one that starts later, and after Redis has lost everything in between."""
    async with fleet(tmp_path, redis_server.url, targets) as (one, other):
        await check_cookies(one, other)
        cookie = cookie_of(await ask(one))
        redis_server.kill()
        await asyncio.to_thread(redis_server.start)
        await until(lambda: redis_server.ask("EXISTS", "vizgate:agreement:affinity_key") == "1", 10.0)
        async with fleet(tmp_path, redis_server.url, targets, 1) as (later,):
            await check_cookies(one, later)
            await check_cookies(later, other)
            assert [] == (await ask(later, cookie)).get_all(b"set-cookie")
    assert 1e6 < float(redis_server.ask("PTTL", "vizgate:agreement:affinity_key")) / 1000


@pytest.mark.system
@pytest.mark.usefixtures("often")
async def test_breaker_forced_at_one_gateway_is_forced_at_the_other(
    redis_server: RedisServer, targets: list[str], tmp_path: Path
) -> None:
    """Within two seconds; at one that starts later from its first request; and a Redis that was away hears it then."""
    async with fleet(tmp_path, redis_server.url, targets) as (one, other):
        await force(one, "open")
        await until_status(other, 503)
        async with fleet(tmp_path, redis_server.url, targets, 1) as (later,):
            assert 503 == (await ask(later)).status
            await force(later, "auto")
            await until_status(one, 200)
            await until_status(other, 200)
        redis_server.kill()
        await force(other, "open")
        assert [200, 503] == [(await ask(gateway)).status for gateway in (one, other)]
        await asyncio.to_thread(redis_server.start)
        await until_status(one, 503, 10.0)


@pytest.mark.system
@pytest.mark.usefixtures("often")
async def test_store_away_at_the_start_is_made_up_for(
    redis_server: RedisServer, targets: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Gateways start with keys of their own; when Redis is there they agree, and no client of either loses its place
    where it is.
    """
    redis_server.kill()
    with caplog.at_level(logging.WARNING):
        async with fleet(tmp_path, redis_server.url, targets) as (one, other):
            own = [await ask(gateway) for gateway in (one, other)]
            await until(lambda: "affinity cookies are signed with the key that this gateway has" in caplog.text, 5.0)
            await asyncio.to_thread(redis_server.start)
            keys = [gateway.state.affinity_key for gateway in (one, other)]
            await until(lambda: keys[0].secret == keys[1].secret, 15.0)
            await check_cookies(one, other)
            for gateway, first in zip((one, other), own, strict=True):
                again = await ask(gateway, cookie_of(first))
                assert first.body == again.body
                assert cookie_of(again) != cookie_of(first)


async def test_processes_on_one_shared_table_agree(targets: list[str], tmp_path: Path) -> None:
    """Two processes of one machine: the cookie of one is good at the other, and so is the word of its operator."""
    store = {"kind": "shared", "path": str(tmp_path / "table"), "keys": 1000}
    await asyncio.to_thread(_check_processes, store, targets, tmp_path)


def _check_processes(store: Any, targets: list[str], folder: Path) -> None:
    folders = [folder / "a", folder / "b"]
    for each in folders:
        each.mkdir()
        text = configuration(each / "log", parts(store, targets))
        (each / "vizgate.yaml").write_text(text)
    with Program(["serve", "vizgate.yaml"], folders[0]) as one, Program(["serve", "vizgate.yaml"], folders[1]) as other:
        ports = [program.wait_port() for program in (one, other)]
        admin = int(one.wait_line(r"admin on http://127\.0\.0\.1:(\d+)")[1])
        cookie, body = _exchange(ports[0])
        assert ("", body) == _exchange(ports[1], cookie)
        _exchange(admin, method="POST", path="/services/users/breaker/open")
        began_s = time.monotonic()
        wait_until(lambda: get(ports[1])[0] == 503)
        assert time.monotonic() - began_s < WITHIN_S


async def test_workers_of_one_gateway_agree(targets: list[str], tmp_path: Path) -> None:
    """With nothing said about a store: the cookie of one worker is good at all, and so is the word of an operator."""
    text = configuration(tmp_path / "log", parts("shared", targets)).replace('"admin"', '"workers": 3, "admin"')
    (tmp_path / "vizgate.yaml").write_text(text.replace('"store": "shared", ', ""))
    await asyncio.to_thread(_check_workers, tmp_path)


def _check_workers(folder: Path) -> None:
    with Program(["serve", "vizgate.yaml"], folder) as program:
        port = program.wait_port()
        admin = int(program.wait_line(r"admin on http://127\.0\.0\.1:(\d+)")[1])
        cookie, body = _exchange(port)
        assert {("", body)} == {_exchange(port, cookie) for _ in range(20)}
        _exchange(admin, method="POST", path="/services/users/breaker/open")
        assert {503} == {get(port)[0] for _ in range(20)}


def _exchange(port: int, cookie: str = "", method: str = "GET", path: str = "/") -> tuple[str, bytes]:
    """The cookie that was set, and the body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10.0)
    connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
    response = connection.getresponse()
    found = (response.getheader("Set-Cookie") or "").partition(";")[0], response.read()
    connection.close()
    assert 200 == response.status
    return found
