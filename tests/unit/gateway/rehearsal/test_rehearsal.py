"""A rehearsal runs the parts that serve, over memory; what it tells is what would happen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from vizgate.config import load_text
from vizgate.errors import BadRequest
from vizgate.extension.contract import Middleware
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN, MIDDLEWARE
from vizgate.gateway.rehearsal import Rehearsal, RehearsalStuck, Rehearsed
from vizgate.gateway.running.components import StartFailed
from vizgate.message.headers import Headers
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

CONFIG = """\
version: 1
server: {trusted_proxies: [127.0.0.1]}
services:
  users: {targets: [http://127.0.0.1:1, "http://[::1]:2"], host_header: target}
  echo: {builtin: echo}
routes:
  - {name: user, match: {path: "/users/{id:int}"}, service: users}
  - {name: echo, match: {path: /echo}, service: echo}
  - {name: tried, match: {path: /tried}, service: users, middleware: [{use: under_test}]}
"""


def rehearsal(middleware: type[Middleware] = Middleware, patience_s: float = 10.0) -> Rehearsal:
    table: Mapping[str, type[Middleware]] = {**MIDDLEWARE, "under_test": middleware}
    return Rehearsal(load_text(CONFIG, environment={}), Registry(table, ()), wall_s=0.0, patience_s=patience_s)


async def send(url: str, *headers: tuple[str, str], method: str = "GET", **more: Any) -> Rehearsed:
    async with rehearsal(**more) as it:
        return await it.send(method, url, headers)


async def test_send_forwarded_request_is_what_the_upstream_gets():
    """Target, request line and fields are those that go out; the upstream is the balancer's choice."""
    async with rehearsal() as it:
        first = await it.send("GET", "http://a/users/7?q=%20")
        second = await it.send("GET", "http://a/users/8")
    assert first.upstream is not None
    assert second.upstream is not None
    assert ("127.0.0.1:1", "GET", "/users/7?q=%20") == (
        first.upstream.address, first.upstream.method, first.upstream.target)  # fmt: skip
    assert (b"Host", b"127.0.0.1:1") in first.upstream.fields
    assert ("[::1]:2", "/users/8") == (second.upstream.address, second.upstream.target)
    assert first.is_imagined


async def test_send_body_arrives():
    """A body is sent with its length, whatever the method."""
    async with rehearsal() as it:
        found = await it.send("POST", "http://a/users/7", [("X-A", "b")], body=b"hello")
    assert found.upstream is not None
    assert (b"Content-Length", b"5") in found.upstream.fields


async def test_send_client_is_on_this_machine():
    """The peer is 127.0.0.1, so a configuration that trusts it believes what the request says."""
    result = await send("http://a/users/7", ("X-Forwarded-For", "203.0.113.7"))
    assert result.seen is not None
    assert "203.0.113.7" == result.seen.client


async def test_send_builtin_service_answers_itself():
    """A built-in service counts as reached, and its answer is no imagination."""
    result = await send("http://a/echo?x", method="POST")
    assert (200, "echo", True, False) == (result.status, result.service, result.forwarded, result.is_imagined)
    assert result.upstream is not None
    assert ("POST", "/echo?x") == (result.upstream.method, result.upstream.target)


async def test_send_text_beyond_ascii_is_encoded():
    """A URL as people write it is sent as a browser would send it."""
    result = await send("http://a/é x?ü")
    assert result.seen is not None
    assert b"/%C3%A9%20x?%C3%BC" == result.seen.target


@pytest.mark.parametrize(
    ("method", "url", "headers", "status"),
    [
        ("GET", "http://a/nothing", [], 404),
        ("GET", "http://a/a%00", [], 400),
        ("TRACE", "http://a/echo", [], 501),
        ("GET", "http://a/echo", [("Host", "a b")], 400),
        ("GET", "http://a/echo", [("Content-Length", "1"), ("Transfer-Encoding", "chunked")], 400),
        ("GET", "http://a/echo", [("X", "y" * 70_000)], 431),
        ("GET", f"http://a/{'y' * 70_000}", [], 414),
        ("POST", "http://a/users/1", [("Content-Length", "99999999")], 413),
    ],
)
async def test_send_refused_request_has_its_status(method, url, headers, status):
    """What would be refused on a socket is refused here, for the same reason."""
    result = await send(url, *headers, method=method)
    assert (status, False) == (result.status, result.forwarded)


async def test_send_header_that_splits_is_value_error():
    """A request cannot be told apart from two, so it is not sent."""
    with pytest.raises(ValueError, match="control bytes"):
        await send("http://a/", ("A", "b\r\n\r\nGET / HTTP/1.1"))


class Change(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        request.method = "PUT"
        request.target = b"/other"
        request.headers["X-New"] = "1"
        request.headers.remove("X-Old")
        response = await forward(request)
        response.headers["X-Back"] = "2"
        response.status = 202
        return response


async def test_send_middleware_is_watched():
    """What middleware changes is told, and what the upstream gets is what it made."""
    result = await send("http://a/tried", ("X-Old", "0"), middleware=Change)
    (step,) = result.steps
    assert ("under_test", True, 202) == (step.use, step.forwarded, step.status)
    assert ("method GET -> PUT", "target /tried -> /other", "- X-Old: 0", "+ X-New: 1") == step.request_changes
    assert ("+ X-Back: 2",) == step.response_changes
    assert result.upstream is not None
    assert ("PUT", "/other", 202) == (result.upstream.method, result.upstream.target, result.status)


class Answer(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        return Response(401, Headers.of([("WWW-Authenticate", "Basic")]))


class Refuse(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        raise BadRequest("too bad")


class Break(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        await forward(request)
        raise RuntimeError("oh")


@pytest.mark.parametrize(
    ("kind", "status", "error", "forwarded"),
    [
        (Answer, 401, "", False),
        (Refuse, 400, "refused with 400: too bad", False),
        (Break, 500, "raised RuntimeError: oh", True),
    ],
)
async def test_send_middleware_that_ends_the_request_is_told(kind, status, error, forwarded):
    """An answer of its own, a refusal and a failure are three things; each leaves a step."""
    result = await send("http://a/tried", middleware=kind)
    assert (status, error, forwarded) == (result.status, result.steps[0].error, result.forwarded)


class Wait(Middleware):
    async def __call__(self, request: Request, forward: Handler) -> Response:
        await asyncio.Event().wait()
        return await forward(request)


async def test_send_middleware_that_never_answers_is_told():
    """A rehearsal ends, and names the middleware that waits."""
    with pytest.raises(RehearsalStuck, match=r"no answer within 0\.01 s in middleware under_test"):
        await send("http://a/tried", middleware=Wait, patience_s=0.01)


class Log(Middleware):
    calls: list[str]

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")


async def test_rehearsal_starts_and_stops_middleware():
    """Middleware lives here as it does in a gateway that serves."""
    kind = type("Logged", (Log,), {"calls": []})
    await send("http://a/tried", middleware=kind)
    assert ["start", "stop"] == kind.calls


class FailStart(Log):
    async def start(self) -> None:
        raise OSError("no such host")


async def test_rehearsal_failed_start_is_told_and_stopped():
    """A start that fails names the middleware, and stop runs even so."""
    kind = type("FailsToStart", (FailStart,), {"calls": []})
    with pytest.raises(StartFailed, match=r"middleware tests.*:FailsToStart failed to start: OSError: no such host"):
        await send("http://a/tried", middleware=kind)
    assert ["stop"] == kind.calls


async def test_rehearsal_time_stands_still():
    """Dates are those of the given time of day."""
    result = await send("http://a/nothing")
    assert (b"Date", b"Thu, 01 Jan 1970 00:00:00 GMT") in result.response_fields


async def test_send_discovered_service_has_a_target_that_stands_in():
    """No source is asked; fixed targets beside it are there as they are."""
    text = """\
services:
  a: {discovery: {kind: http, url: "http://127.0.0.1:1/"}}
  b: {discovery: {kind: dns, name: x.invalid, port: 1, on_start: require}, targets: [http://127.0.0.1:2]}
routes: [{match: {path: /a}, service: a}, {match: {path: /b}, service: b}]
"""
    async with Rehearsal(load_text(text, environment={}), Registry(BUILTIN, ()), wall_s=0.0) as it:
        found = [(await it.send("GET", f"http://h/{path}")).upstream for path in "abb"]
    assert ["discovered.invalid:80", "127.0.0.1:2", "discovered.invalid:80"] == [one.address for one in found if one]
