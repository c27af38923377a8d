"""The gateway inside other ASGI applications, and how it starts and stops there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import fastapi
import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tests.integration.doors import Door, gateway_of, uvicorn_serving
from vizgate.extension.contract import Middleware
from vizgate.gateway.server import Gateway
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import Script, answer, read_request, send, stall, wait

GET = b"GET %b HTTP/1.1\r\nHost: a.example\r\n\r\n"
EVENT = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"


class Counting(Middleware):
    """Counts its lives."""

    lives: ClassVar[list[str]] = []
    refuses: ClassVar[bool] = False

    async def start(self) -> None:
        await asyncio.sleep(0)  # so that two starts could overtake each other
        self.lives.append("start")
        if self.refuses:
            raise OSError("no disk")

    async def stop(self) -> None:
        self.lives.append("stop")


@pytest.fixture(autouse=True)
def lives(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(Counting, "lives", [])
    monkeypatch.setattr(Counting, "refuses", False)
    return Counting.lives


def gateway_before(upstream: ScriptedUpstream, log: Path) -> Gateway:
    route = {
        "name": "all",
        "match": {"path": "/*"},
        "service": "origin",
        "middleware": [{"use": f"{__name__}:Counting"}],
    }
    users = {"name": "users", "match": {"path": "/users/{id:int}"}, "service": "origin", "rewrite": {"path": "/u/{id}"}}
    return gateway_of(log, {"services": {"origin": {"targets": [upstream.url]}}, "routes": [route, users]})


def in_starlette(gateway: Gateway) -> Any:
    async def home(_: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse("home")

    return Starlette(routes=[Route("/", home), Mount("/api", app=gateway.asgi)])


def in_fastapi(gateway: Gateway) -> Any:
    app = fastapi.FastAPI(lifespan=gateway.asgi.lifespan)

    @app.get("/")
    async def home() -> str:
        return "home"

    @app.middleware("http")
    async def pass_on(request: fastapi.Request, call_next: Any) -> Any:
        return await call_next(request)

    app.mount("/api", gateway.asgi)
    return app


@pytest.fixture(params=[in_starlette, in_fastapi])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    @asynccontextmanager
    async def serve(*script: Script) -> AsyncIterator[tuple[ScriptedUpstream, Door]]:
        log = tmp_path / "access.log"
        async with (
            ScriptedUpstream(*script) as upstream,
            uvicorn_serving(request.param(gateway_before(upstream, log))) as port,
        ):
            yield upstream, Door(port, log)

    return serve


Mounted = AbstractAsyncContextManager[tuple[ScriptedUpstream, Door]]


@pytest.mark.parametrize(
    ("asked", "forwarded"),
    [
        (b"/api/x/a%20b%2Fc?q=1", b"/x/a%20b%2Fc?q=1"),
        (b"/api/", b"/"),
        (b"/api/api/x", b"/api/x"),
        (b"/%61pi/%78", b"/%78"),
        (b"/api/users/7", b"/u/7"),
    ],
)
async def test_routes_are_relative_to_the_mount(asked: bytes, forwarded: bytes, mounted: Any) -> None:
    """The gateway sees the path below the place where it is mounted, in the encoding the client chose."""
    async with mounted() as (upstream, door), door.client() as client:
        await client.send(GET % asked)
        assert 200 == (await client.read_response()).status
        assert [forwarded] == [request.target for request in upstream.requests]


async def test_path_that_leaves_the_mount_is_refused(mounted: Any) -> None:
    """``..`` does not lead from the mount's routes to others."""
    async with mounted() as (upstream, door), door.client() as client:
        await client.send(GET % b"/api/../users/7")
        assert 400 == (await client.read_response()).status
        assert [] == upstream.received


async def test_the_application_around_goes_on(mounted: Any) -> None:
    """What is not below the mount is none of the gateway's business."""
    async with mounted() as (_, door), door.client() as client:
        await client.send(GET % b"/")
        assert b"home" in (await client.read_response()).body


async def test_events_pass_the_application_around(mounted: Any) -> None:
    """A stream is not collected on its way out, nor an upload on its way in."""
    go_on = asyncio.Event()
    script = [read_request(), send(EVENT), wait(go_on), send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"), stall()]
    async with mounted(script) as (upstream, door), door.client() as client:
        await client.send(b"POST /api/up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nha")
        await upstream.wait_for(lambda: bool(upstream.received) and upstream.received[0].endswith(b"ha"))
        await client.send(b"lf")
        await client.read_until(b"data: 1\n\n")
        go_on.set()
        await client.read_until(b"data: 2\n\n")
        assert b"half" == upstream.complete_requests[0].body


async def test_client_that_leaves_a_mounted_gateway_ends_the_attempt(mounted: Any) -> None:
    """A disconnect reaches the gateway through the application around it."""
    async with mounted([read_request(), stall()]) as (upstream, door):
        async with door.client() as client:
            await client.send(GET % b"/api/slow")
            await upstream.wait_for(lambda: bool(upstream.complete_requests))
            client.reset()
        await upstream.wait_quiet()
    assert [(499, "client_abort")] == [(r["status"], r["termination"]) for r in door.records()]


async def test_parts_start_once_and_stop_once(mounted: Any, lives: list[str]) -> None:
    """Many first requests at once start a mounted gateway once; when the loop ends or the lifespan does, it stops."""
    async with mounted([answer()]) as (_, door):
        clients = [door.client() for _ in range(5)]
        for client in clients:
            await client.__aenter__()
            await client.send(GET % b"/api/x")
        assert [200] * 5 == [(await client.read_response()).status for client in clients]
        assert ["start"] == lives
        for client in clients:
            client.close()


async def test_fastapi_lifespan_starts_and_stops(tmp_path: Path, lives: list[str]) -> None:
    """``FastAPI(lifespan=gateway.asgi.lifespan)`` starts the gateway before it serves and stops it at the end."""
    async with ScriptedUpstream() as upstream, uvicorn_serving(in_fastapi(gateway_before(upstream, tmp_path / "log"))):
        assert ["start"] == lives
    assert ["start", "stop"] == lives


async def test_lifespan_of_the_server_starts_and_stops(tmp_path: Path, lives: list[str]) -> None:
    """The gateway as the whole application follows the server's lifespan; the gateway itself is that application."""
    async with ScriptedUpstream() as upstream, uvicorn_serving(gateway_before(upstream, tmp_path / "log")):
        assert ["start"] == lives
    assert ["start", "stop"] == lives


def test_start_without_lifespan_is_stopped_by_the_end_of_the_loop(tmp_path: Path, lives: list[str]) -> None:
    """A gateway that nobody stops is stopped when its event loop ends."""

    async def serve() -> None:
        async with ScriptedUpstream() as upstream:
            app = in_starlette(gateway_before(upstream, tmp_path / "log"))
            async with uvicorn_serving(app, lifespan="off") as port, Door(port, tmp_path / "log").client() as client:
                await client.send(GET % b"/api/x")
                assert 200 == (await client.read_response()).status
        assert ["start"] == lives

    asyncio.run(serve())
    assert ["start", "stop"] == lives
    assert 1 == len((tmp_path / "log").read_text().splitlines())


async def test_failed_start_ends_the_server(tmp_path: Path, lives: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that cannot start keeps the server from serving, and everything that was started is stopped."""
    monkeypatch.setattr(Counting, "refuses", True)
    async with ScriptedUpstream() as upstream:
        with pytest.raises(RuntimeError, match="did not start"):
            async with uvicorn_serving(gateway_before(upstream, tmp_path / "log").asgi):
                pass
    assert ["start", "stop"] == lives


async def test_failed_lazy_start_is_503_and_tried_again(
    tmp_path: Path, lives: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mounted without a lifespan, a gateway that cannot start answers with 503 until it can."""
    monkeypatch.setattr(Counting, "refuses", True)
    async with ScriptedUpstream() as upstream:
        app = in_starlette(gateway_before(upstream, tmp_path / "log"))
        async with uvicorn_serving(app) as port, Door(port, tmp_path / "log").client() as client:
            await client.send(GET % b"/api/x")
            refused = await client.read_response()
            assert (503, 503) == (refused.status, json.loads(refused.body)["status"])
            monkeypatch.setattr(Counting, "refuses", False)
            await client.send(GET % b"/api/x")
            assert 200 == (await client.read_response()).status
    assert ["start", "stop", "start"] == lives


async def test_gateway_that_listens_can_be_mounted_too(tmp_path: Path, lives: list[str]) -> None:
    """``async with gateway`` owns the parts; the application uses them and leaves them running."""
    async with ScriptedUpstream() as upstream, gateway_before(upstream, tmp_path / "log") as gateway:
        async with uvicorn_serving(gateway.asgi) as port, Door(port, tmp_path / "log").client() as client:
            await client.send(GET % b"/x")
            assert 200 == (await client.read_response()).status
        assert ["start"] == lives
        async with Door(gateway.addresses[0][1], tmp_path / "log").client() as client:
            await client.send(GET % b"/x")
            assert 200 == (await client.read_response()).status
    assert ["start", "stop"] == lives
