"""A plugin that puts what a client has sent into a message by the wrong door cannot make two messages of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate import Headers, Middleware, MiddlewareConfig, Request, Response
from vizgate.gateway.isolation.guards.messages import check_answer, check_onward
from vizgate.message.headers import encode_name, encode_value
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient

METHOD, TARGET = "GET", b"/a"
BAD_NAMES = [b"", b"a b", b"Content-Length ", b"\tA", b"A:", b"A\r\nB", b"A\nB", b"caf\xe9", b"a\0"]
BAD_VALUES = [b"a\r\nB: c", b"a\nb", b"a\rb", b"\0", b"\r\n\r\n"]


def request_with(**changes: Any) -> Request:
    request = Request(METHOD, TARGET, Headers.of([("Host", "a"), ("X-A", "b")]))
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def test_message_that_is_one_passes() -> None:
    """Whatever valid targets, methods and fields there are."""
    check_onward(request_with(), METHOD, TARGET)
    check_onward(request_with(target=b"/%0d%0a?b=\xc3\xa9", method="PURGE"), METHOD, TARGET)
    check_answer(Response(200, Headers.of([("X-A", "b\tc")]), reason=b"All is well"))
    check_answer(Response(200, Headers([])))


@pytest.mark.parametrize(
    "target", [b"", b"/ b", b"/a HTTP/1.1\r\nX: y", b"/\n", b"/\0", b"/\x7f", b"/\t", "/text", None]
)
def test_target_that_is_none_is_refused(target: Any) -> None:
    """White space ends a target; what comes then would be another line."""
    with pytest.raises((ValueError, TypeError)):
        check_onward(request_with(target=target), METHOD, TARGET)


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\nX: y", "G\xc4T", b"GET", None])
def test_method_that_is_none_is_refused(method: Any) -> None:
    """A method is a token."""
    with pytest.raises((ValueError, TypeError)):
        check_onward(request_with(method=method), METHOD, TARGET)


@pytest.mark.parametrize("field", [*((name, b"b") for name in BAD_NAMES), *((b"X", value) for value in BAD_VALUES)])
def test_field_that_is_none_is_refused(field: tuple[bytes, bytes]) -> None:
    """In both directions, wherever it stands among others."""
    for position in (0, 1, 2):
        request, response = request_with(), Response(200, Headers.of([("X-A", "b"), ("X-B", "c")]))
        request.headers.raw.insert(position, field)
        response.headers.raw.insert(position, field)
        with pytest.raises(ValueError, match="a middleware made a field"):
            check_onward(request, METHOD, TARGET)
        with pytest.raises(ValueError, match="a middleware made a field"):
            check_answer(response)


@pytest.mark.parametrize("reason", [b"OK\r\nX: y", b"\n", b"\0"])
def test_reason_with_a_line_break_is_refused(reason: bytes) -> None:
    """It is the end of a line that others stand behind."""
    with pytest.raises(ValueError, match="reason phrase"):
        check_answer(Response(200, reason=reason))


@given(st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), max_size=4))
def test_what_passes_is_what_the_wire_would_take(fields: list[tuple[bytes, bytes]]) -> None:
    """Nothing gets by that would break a line, and nothing is refused that ``Headers`` takes."""
    try:
        for name, value in fields:
            encode_name(name.decode("latin-1"))
            encode_value(value)
        is_good = True
    except ValueError:
        is_good = False
    try:
        check_answer(Response(200, Headers(list(fields))))
    except ValueError:
        assert not is_good
    else:
        head = b"".join(name + b": " + value + b"\r\n" for name, value in fields)
        assert head.count(b"\n") == head.count(b"\r") == len(fields)


class Splits(Middleware):
    """Puts the query where it must not be."""

    class Config(MiddlewareConfig):
        where: str

    async def __call__(self, request: Request, forward: Handler) -> Response:
        evil = b"x\r\nX-Evil: 1"
        if self.config.where == "target":
            request.target = b"/" + evil
        elif self.config.where == "request":
            request.headers.raw.append((b"X-A", evil))
        response = await forward(request)
        if self.config.where == "response":
            response.headers.raw.append((b"X-A", evil))
        return response


@pytest.mark.parametrize("where", ["target", "request", "response"])
async def test_middleware_that_splits_a_message_is_500(where: str) -> None:
    """The service never sees it, nor does the client."""
    seen: list[Request] = []

    async def service(request: Request) -> Response:
        seen.append(request)
        return Response.text(200, "done")

    text = f"""
version: 1
services: {{s: {{targets: ["http://127.0.0.1:1"]}}}}
routes: [{{match: {{path: /*}}, service: s, middleware: [{{use: "{__name__}:Splits", where: {where}}}]}}]
"""
    async with MemoryClient(text, services={"s": service}) as client:
        response = await client.get("/")
        assert (500, None) == (response.status, response.headers.get("X-Evil"))
    assert (where == "response") == bool(seen)
