"""The aiohttp contender: a streaming reverse proxy as one would write it, with hop-by-hop fields removed."""

from __future__ import annotations

import os

import uvloop
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from hop_by_hop import HOP_BY_HOP
from yarl import URL

UPSTREAM = os.environ["BENCH_UPSTREAM"]
KEEP_ALIVE_S = float(os.environ["BENCH_KEEP_ALIVE_S"])
SESSION: web.AppKey[ClientSession] = web.AppKey("session", ClientSession)


async def forward(request: web.Request) -> web.StreamResponse:
    """Relay one exchange, chunk by chunk."""
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
    headers.append(("X-Forwarded-For", request.remote or ""))
    body = request.content if request.can_read_body else None
    url = URL(UPSTREAM + request.raw_path, encoded=True)
    async with request.app[SESSION].request(
        request.method, url, headers=headers, data=body, allow_redirects=False
    ) as upstream:
        response = web.StreamResponse(status=upstream.status, reason=upstream.reason)
        for name, value in upstream.headers.items():
            if name.lower() not in HOP_BY_HOP:
                response.headers.add(name, value)
        await response.prepare(request)
        async for chunk in upstream.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def start(app: web.Application) -> None:
    """Open the client session on the running loop."""
    connector = TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S)
    app[SESSION] = ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=60)
    )


async def stop(app: web.Application) -> None:
    """Close what ``start`` opened."""
    await app[SESSION].close()


def main() -> None:
    """Serve until stopped."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    port = int(os.environ["BENCH_PORT"])
    loop = uvloop.new_event_loop()
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=None,
        backlog=4096,
        keepalive_timeout=KEEP_ALIVE_S,
        loop=loop,
    )


if __name__ == "__main__":
    main()
