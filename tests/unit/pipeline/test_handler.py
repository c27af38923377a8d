"""The rules of composing handlers."""

from __future__ import annotations

import asyncio

from vizgate.pipeline.handler import Handler, compose
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


async def _answer(request: Request) -> Response:
    request.state.setdefault("steps", []).append("handler")
    return Response(200)


def test_compose_nothing_is_the_handler_itself() -> None:
    """A route without middleware costs nothing (law 5 of the hot path)."""
    assert compose([], _answer) is _answer


def test_compose_first_is_outermost() -> None:
    """Middleware is an onion: the first sees the request first and the response last."""

    class Layer:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __call__(self, request: Request, forward: Handler) -> Response:
            steps = request.state.setdefault("steps", [])
            steps.append(f"{self.name} in")
            response = await forward(request)
            steps.append(f"{self.name} out")
            return response

    async def run(request: Request) -> Response:
        return await compose([Layer("a"), Layer("b")], _answer)(request)

    request = Request("GET", b"/")
    assert asyncio.run(run(request)).status == 200
    assert request.state["steps"] == ["a in", "b in", "handler", "b out", "a out"]


def test_compose_layer_may_answer_itself() -> None:
    """What a layer does not forward, the inner ones do not see."""

    async def refuse(request: Request, forward: Handler) -> Response:
        return Response(403)

    async def run(request: Request) -> Response:
        return await compose([refuse], _answer)(request)

    request = Request("GET", b"/")
    assert (asyncio.run(run(request)).status, request.state) == (403, {})
