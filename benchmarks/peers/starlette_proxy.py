"""The Starlette + httpx contender: a streaming reverse proxy as one would write it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from hop_by_hop import HOP_BY_HOP
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

POOL = int(os.environ["BENCH_POOL"])
KEEP_ALIVE_S = float(os.environ["BENCH_KEEP_ALIVE_S"])
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
client = httpx.AsyncClient(
    base_url=os.environ["BENCH_UPSTREAM"],
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=POOL, keepalive_expiry=KEEP_ALIVE_S),
    timeout=60,
)


async def forward(request: Request) -> StreamingResponse:
    """Relay one exchange, chunk by chunk."""
    headers = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in HOP_BY_HOP]
    if request.client is not None:
        headers.append((b"x-forwarded-for", request.client.host.encode()))
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    url = httpx.URL(path=request.url.path, query=request.url.query.encode())
    outgoing = client.build_request(
        request.method, url, headers=headers, content=request.stream() if has_body else None
    )
    upstream = await client.send(outgoing, stream=True)
    response = StreamingResponse(upstream.aiter_raw(), upstream.status_code, background=BackgroundTask(upstream.aclose))
    response.raw_headers = [
        (k.lower(), v) for k, v in upstream.headers.raw if k.lower().decode("latin-1") not in HOP_BY_HOP
    ]
    return response


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Close the client at the end."""
    yield
    await client.aclose()


app = Starlette(routes=[Route("/{path:path}", forward, methods=METHODS)], lifespan=lifespan)
