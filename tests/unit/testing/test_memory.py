"""The in-memory client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vizgate.errors import Termination, UpstreamReset
from vizgate.gateway.server import Gateway
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock, MemoryClient

CONFIG = """
version: 1
services:
  users: {targets: ["http://127.0.0.1:1"], timeouts: {connect: 1s}}
  echo: {builtin: echo}
routes:
  - name: user
    match: {path: "/users/{id:int}", methods: [GET, POST]}
    service: users
    rewrite: {path: "/u/{id}"}
    body_limit: 8
  - {name: echo, match: {path: "/{name}"}, service: echo, middleware: [{use: headers, response: {set: {X-A: b}}}]}
"""


async def users(request: Request) -> Response:
    body = await request.body.read(1000)
    return Response.json(200, {"target": request.target.decode(), "id": request.params["id"], "body": body.decode()})


async def test_request_goes_through_routes_and_rewriting() -> None:
    """A stand-in gets what an upstream would get, and the record says that the request was forwarded."""
    async with MemoryClient(CONFIG, services={"users": users}) as client:
        response = await client.get("/users/7?q=1")
    assert (200, {"target": "/u/7?q=1", "id": 7, "body": ""}) == (response.status, response.json())
    assert response.headers["X-Request-Id"]
    [record] = client.records
    assert ("user", "users", 1, Termination.NORMAL) == (
        record.route, record.service, record.attempts, record.termination
    )  # fmt: skip


async def test_middleware_and_builtin_services_are_at_work() -> None:
    """What needs no network needs no stand-in; fields and a whole URL arrive as given."""
    async with MemoryClient(CONFIG, client="192.0.2.9") as client:
        response = await client.get("https://a.example:8443/x%20y", headers={"X-Mine": "1"})
        seen = response.json()
    assert "b" == response.headers["X-A"]
    assert ("/x%20y", "a.example:8443", "192.0.2.9", "https") == (
        seen["path"], seen["authority"], seen["client"], seen["scheme"]
    )  # fmt: skip
    assert ["X-Mine", "1"] in seen["headers"]


async def test_bodies_of_every_kind_are_sent() -> None:
    """Bytes, text, JSON and a stream without a length."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async with MemoryClient(CONFIG) as client:
        assert "bytes" == (await client.post("/x", body=b"bytes")).json()["body"]
        assert "text" == (await client.put("/x", body="text")).json()["body"]
        assert '{"a": 1}' == (await client.patch("/x", json={"a": 1})).json()["body"]
        assert "ab" == (await client.request("DELETE", "/x", body=parts())).json()["body"]
        assert [5, 4, 8, 2] == [record.bytes_in for record in client.records]


async def test_limits_and_errors_are_answers() -> None:
    """What is refused over a socket is refused here."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x"

    async with MemoryClient(CONFIG, services={"users": users}) as client:
        assert 413 == (await client.post("/users/7", body=b"123456789")).status
        assert 413 == (await client.post("/users/7", body=parts())).status
        assert 405 == (await client.delete("/users/7")).status
        assert 400 == (await client.get("/x", headers={"Host": "u@a"})).status
        assert (200, b"") == ((head := await client.head("/x")).status, head.body)
        assert 204 == (await client.options("/users/7")).status
    async with MemoryClient(CONFIG) as client:
        assert 502 == (await client.get("/users/7")).status


async def test_answer_that_breaks_off_is_raised() -> None:
    """A test that expects a whole answer fails with the reason."""

    async def cut(_: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise UpstreamReset("cut")

        return Response(200, None, StreamBody(body()))

    async with MemoryClient(CONFIG, services={"users": cut}) as client:
        with pytest.raises(UpstreamReset):
            await client.get("/users/7")


async def test_callbacks_run_once_when_the_request_ends() -> None:
    """``on_complete`` has been called, once, when the client has its answer."""
    completed: list[int] = []

    async def answer(request: Request) -> Response:
        request.on_complete(lambda: completed.append(1))
        return Response.text(200, "ok")

    async with MemoryClient(CONFIG, services={"users": answer}) as client:
        await client.get("/users/7")
        assert [1] == completed
    assert [1] == completed


async def test_clock_is_the_gateways_time() -> None:
    """With a manual clock, a request takes as long as the test says."""
    clock = ManualClock(wall_s=1000.0)

    async def slow(_: Request) -> Response:
        clock.advance(2.5)
        return Response.text(200, "ok")

    async with MemoryClient(CONFIG, services={"users": slow}, clock=clock) as client:
        await client.get("/users/7")
    assert (1000.0, 2.5) == (client.records[0].started_s, client.records[0].duration_s)


async def test_gateway_made_elsewhere_can_be_driven() -> None:
    """A gateway object is taken as it is; what belongs into its making is refused."""
    gateway = Gateway.from_text(CONFIG + 'observe: {access_log: "off"}\n')
    async with MemoryClient(gateway) as client:
        assert 200 == (await client.get("/x")).status
    with pytest.raises(ValueError, match="services"):
        MemoryClient(gateway, services={"users": users})


def test_stand_in_for_an_unknown_service_is_refused() -> None:
    """A slip in a name would otherwise be a test of nothing."""
    with pytest.raises(ValueError, match="usres"):
        MemoryClient(CONFIG, services={"usres": users})


async def test_request_outside_the_block_is_refused() -> None:
    """Nothing runs outside ``async with``."""
    client = MemoryClient(CONFIG)
    with pytest.raises(RuntimeError, match="async with"):
        await client.get("/x")
