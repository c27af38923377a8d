"""A middleware that tells how many tasks its gateway has."""

from __future__ import annotations

import asyncio

from vizgate import Handler, Middleware, Request, Response


class Tasks(Middleware):
    """Answers by itself."""

    async def __call__(self, request: Request, forward: Handler) -> Response:  # noqa: ARG002  # as every middleware
        return Response.json(200, {"tasks": len(asyncio.all_tasks())})
