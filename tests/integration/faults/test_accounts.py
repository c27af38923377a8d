"""Whatever clients and targets do to each other, everything that was taken is given back.

In: random sequences over real sockets, and the books afterwards. Not in: what each answer must be (the other modules).
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.integration.doors import gateway_of, settled, uvicorn_serving
from vizgate.breaker.machine import State
from vizgate.cache.http_cache import HttpCache
from vizgate.extension.contract import Middleware
from vizgate.gateway.server import Gateway
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing.raw_client import ConnectionEnded, MalformedResponse, RawClient
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import (
    Script,
    answer,
    close,
    forever,
    half_close,
    read_head,
    read_request,
    reset,
    resume_reading,
    send,
    stall,
    stop_reading,
    wait,
)
from vizgate.traffic.mirror import Mirror

CLIENTS = 120
AT_ONCE = 12
ATTEMPTS = 3
#: Nothing of a test may take longer: all bounds of the configuration are far below it.
OVER_S = 20.0

TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
LONG = TEXT + b"Content-Length: 200000\r\n\r\n"
CHUNKED = TEXT + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"400\r\n" + b"x" * 1024 + b"\r\n"

#: What a target does with one connection.
SCRIPTS: list[Script] = [
    [answer()],
    [answer(LONG + b"y" * 200_000)],
    # More than the buffers of the kernel hold, so that who leaves leaves in the middle of it.
    [answer(TEXT + b"Content-Length: 8000000\r\n\r\n" + b"y" * 8_000_000)],
    [answer(CHUNKED + PIECE * 20 + b"0\r\n\r\n")],
    [answer(BUSY)],
    [answer(b"HTTP/1.1 204 No Content\r\n\r\n")],
    [answer(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + TEXT + b"Content-Length: 1\r\n\r\na")],
    [read_head(), send(BUSY), stall()],
    [read_head(), send(b"HTTP/1.1 503 Busy\r\n\r\n"), forever(send(b"z" * 1000))],
    [read_head(), send(b"HTTP/1.1 100 Continue\r\n\r\n"), read_request(), send(TEXT + b"Content-Length: 0\r\n\r\n")],
    [read_request(), send(LONG + b"y" * 1000), reset()],
    [read_request(), send(LONG + b"y" * 1000), stall()],
    [read_request(), send(CHUNKED + PIECE), close()],
    [read_request(), send(CHUNKED + PIECE + b"xyz\r\n"), stall()],
    [read_request(), send(TEXT + b"Content-Length: 2\r\n\r\nokunasked"), stall()],
    [read_request(), stall()],
    [read_head(), reset()],
    [read_request(), send(b"HTTP/1.1 2"), close()],
    [read_request(), send(b"no HTTP\r\n\r\n"), stall()],
    [half_close(), stall()],
    [close()],
    [read_head(), send(SWITCHED + b"hello"), stall()],
    [read_head(), send(SWITCHED), half_close(), stall()],
    [read_head(), send(SWITCHED), reset()],
]

#: What a client asks for, in pieces between which it may leave.
REQUESTS: list[list[bytes]] = [
    [b"GET {} HTTP/1.1\r\nHost: a.example\r\n\r\n"],
    [b"GET {} HTTP/1.1\r\nHost: a.example\r\nAccept-Encoding: gzip\r\n\r\n"],
    [b"HEAD {} HTTP/1.1\r\nHost: a.example\r\n\r\n"],
    [b"GET {} HTTP/1.0\r\nHost: a.example\r\n\r\n"],
    [b"POST {} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"],
    [b"PUT {} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhello", b"world"],
    [b"PUT {} HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n", PIECE, PIECE, b"0\r\nX-T: 1\r\n\r\n"],
    [b"PUT {} HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n", PIECE, b"nonsense\r\n"],
    [b"PUT {} HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"hello"],
    [b"POST {} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 300000\r\n\r\n", *[b"x" * 50_000] * 6],
    [b"GET {} HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", b"into the tunnel"],
]
TIMEOUTS = {"response": "200ms", "idle": "200ms", "connect": "200ms", "total": "500ms"}
PATHS = [b"/api", b"/fallback", b"/mirror", b"/compressed", b"/cached", b"/split"]


def configuration(targets: list[str], refused: str, other: str) -> dict[str, Any]:
    """Services with every policy there is, each with bounds so low that they are all reached."""
    return {
        "services": {
            "api": {
                "targets": [*targets, refused],
                "balancer": {"hash": {"on": "header:x-none"}},
                "affinity": {"cookie": "VZSID"},
                "health": {"passive": {"failures": 4, "window": "5s", "eject_for": "50ms"}, "panic_below": "50%"},
                "breaker": {"minimum_requests": 4, "open_for": "50ms", "half_open_requests": 2},
                "retry": {
                    "attempts": ATTEMPTS,
                    "on": ["connect_failure", "reset", "timeout", "invalid", 503],
                    "per_try_timeout": "100ms",
                    "backoff": "5ms",
                    "budget": {"share": "100%", "floor": 1000},
                },
                "max_in_flight": 6,
                "max_queued": 3,
                "queue_timeout": "50ms",
                "timeouts": TIMEOUTS,
            },
            "other": {"targets": [other], "balancer": "least_connections", "max_in_flight": 3, "timeouts": TIMEOUTS},
        },
        "routes": [
            {"name": "api", "match": {"path": "/api"}, "service": "api"},
            {"name": "fallback", "match": {"path": "/fallback"}, "service": "api", "fallback": {"service": "other"}},
            {
                "name": "mirror",
                "match": {"path": "/mirror"},
                "service": "other",
                "mirror": {"service": "api", "percent": 100, "in_flight": 4, "timeout": "300ms"},
            },
            {
                "name": "compressed",
                "match": {"path": "/compressed"},
                "service": "api",
                "middleware": [{"use": "compress"}],
            },
            {
                "name": "cached",
                "match": {"path": "/cached"},
                "service": "api",
                "middleware": [{"use": "cache", "ttl": "20ms", "stale_while_revalidate": "1s", "max_object": "100KiB"}],
            },
            {
                "name": "split",
                "match": {"path": "/split"},
                "split": [{"service": "api", "weight": 1}, {"service": "other", "weight": 1}],
                "split_by": "header:x-client",
                "timeout": "300ms",
            },
        ],
    }


async def wander(port: int, chance: Random, number: int) -> None:
    """A client that asks for something and leaves, at any moment and in any way, or stays to the end."""
    pieces = chance.choice(REQUESTS)
    target = chance.choice(PATHS)
    if target != b"/cached" or pieces[0].startswith(b"POST"):
        target += b"?%d" % number
    leaves = chance.random() < 0.6
    async with RawClient("127.0.0.1", port, timeout_s=2.0) as client:
        try:
            for piece in pieces:
                if leaves and piece is not pieces[0] and chance.random() < 0.2:
                    break
                await client.send(piece.replace(b"{}", target, 1))
                await pause(chance)
            if leaves and chance.random() < 0.3:
                client.send_eof()
                await pause(chance)
            if not leaves:
                await client.read_response(pieces[0].partition(b" ")[0].decode())
        except (ConnectionEnded, MalformedResponse, ConnectionError, TimeoutError):
            pass
        if leaves and chance.random() < 0.5:
            client.reset()


async def pause(chance: Random) -> None:
    """Some turns of the loop, so that the client leaves at any stage."""
    for _ in range(chance.choice([0, 0, 1, 2, 5, 10, 40, 200])):
        await asyncio.sleep(0)


def unused_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def in_flight(gateway: Gateway) -> list[int]:
    """What is under way, as each of the books has it."""
    state = gateway.state
    mirrors = [part.in_flight for part in gateway._present.generation.components if isinstance(part, Mirror)]
    return [
        *(target.in_flight for target in state.targets.values()),
        *(bulkhead.in_flight for bulkhead in state.bulkheads.values()),
        *(len(bulkhead._line) for bulkhead in state.bulkheads.values()),
        *mirrors,
    ]


def tasks_of_requests() -> list[asyncio.Task[Any]]:
    """Tasks of the gateway that are for one connection or one request."""
    kinds = {
        "Connection.run",
        "Upload._copy",
        "Mirror._exchange",
        "TunnelCopy._copy_up",
        "Fetch.run",
        "RequestResponseCycle.run_asgi",
    }
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") in kinds]


def open_connections(*upstreams: ScriptedUpstream) -> int:
    return sum(connection.is_open for upstream in upstreams for connection in upstream.connections)


def check_books(gateway: Gateway, upstreams: tuple[ScriptedUpstream, ...]) -> None:
    """Nothing is under way, no trial of a breaker is unaccounted for, and what is still open lies in a pool."""
    state = gateway.state
    assert not state.metrics.gateway.requests_active
    assert not tasks_of_requests()
    assert not any(in_flight(gateway)), state
    for cache in state.kept.all(HttpCache):
        assert (0, set(), {}) == (cache.storage.reserved_bytes, cache.flights._all, cache.flights._by_key)
    for service in gateway.plan.services.values():
        balancer = inspect.getclosurevars(service.targets._changed).nonlocals["balancer"]
        assert not any(getattr(balancer, "_in_flight", {}).values()), balancer
    for machine in state.breakers.values():
        assert machine.state is not State.HALF_OPEN or machine._begun == machine._ended, machine
    assert open_connections(*upstreams) == sum(pool.idle for pool in state.pools.values())


@asynccontextmanager
async def listening_itself(gateway: Gateway) -> AsyncIterator[int]:
    async with gateway:
        yield gateway.addresses[0][1]


def under_uvicorn(gateway: Gateway) -> AbstractAsyncContextManager[int]:
    return uvicorn_serving(gateway.asgi)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("opened", [listening_itself, under_uvicorn])
async def test_everything_taken_is_given_back(
    tmp_path: Path, opened: Callable[[Gateway], AbstractAsyncContextManager[int]], seed: int
) -> None:
    """Once all is over nothing is in flight, queued, on trial or mirrored, and only idle connections are open."""
    chance = Random(seed)
    is_over = asyncio.Event()
    # Whoever does not read does not see that the other side has left, either.
    choice = [*SCRIPTS, [stop_reading(), wait(is_over), resume_reading(), stall()]]
    scripts = [[chance.choice(choice) for _ in range(400)] for _ in range(3)]
    async with (
        ScriptedUpstream(*scripts[0]) as one,
        ScriptedUpstream(*scripts[1]) as two,
        ScriptedUpstream(*scripts[2]) as other,
        asyncio.timeout(OVER_S),
    ):
        parts = configuration([one.url, two.url], unused_url(), other.url)
        gateway = gateway_of(tmp_path / "log", parts)
        async with opened(gateway) as port:
            turns = asyncio.Semaphore(AT_ONCE)

            async def visit(number: int) -> None:
                async with turns:
                    await wander(port, chance, number)

            await asyncio.gather(*[visit(number) for number in range(CLIENTS)])
            while tasks := tasks_of_requests():
                await asyncio.wait(tasks)
            is_over.set()
            await settled(lambda: open_connections(one, two, other))
            check_books(gateway, (one, two, other))
            check_sent(one, two)
            check_sent(other)


def check_sent(*upstreams: ScriptedUpstream) -> None:
    """No service got a POST twice, and none got anything else more often than it may."""
    requests = [request for upstream in upstreams for request in upstream.requests if request.method]
    # What is cached is asked for by many.
    sent = Counter((request.method, request.target) for request in requests if request.target != b"/cached")
    # On a kept connection that breaks, an attempt sends what is idempotent once more.
    assert not {key: count for key, count in sent.items() if count > (1 if key[0] == b"POST" else 2 * ATTEMPTS)}


class Twice(Middleware):
    """Asks two targets at once, and takes the answer that is there first."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """See ``Middleware``."""
        tasks = [asyncio.ensure_future(forward(request)) for _ in range(2)]
        done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        return await done.pop()


async def test_plugin_that_forwards_twice_at_once_takes_nothing_for_ever(tmp_path: Path) -> None:
    """Each attempt ends for itself, whichever comes first, on a kept connection as on a new one."""
    async with ScriptedUpstream() as one, ScriptedUpstream() as two:
        service = {"targets": [one.url, two.url], "balancer": "least_connections", "max_in_flight": 10}
        route = {"match": {"path": "/*"}, "service": "api", "middleware": [{"use": f"{__name__}:Twice"}]}
        parts = {"services": {"api": service}, "routes": [route]}
        async with gateway_of(tmp_path / "log", parts) as gateway:
            async with RawClient("127.0.0.1", gateway.addresses[0][1]) as client:
                for _ in range(5):
                    await client.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    assert 200 == (await client.read_response()).status
            await asyncio.gather(*tasks_of_requests())
            await settled(lambda: open_connections(one, two))
            check_books(gateway, (one, two))
