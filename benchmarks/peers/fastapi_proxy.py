"""The fastapi-proxy-lib contender: its reverse proxy application, with the connection pool of every other contender."""

from __future__ import annotations

import os

import httpx
from fastapi_proxy_lib.fastapi.app import reverse_http_app

_limits = httpx.Limits(
    max_connections=None,
    max_keepalive_connections=int(os.environ["BENCH_POOL"]),
    keepalive_expiry=float(os.environ["BENCH_KEEP_ALIVE_S"]),
)
app = reverse_http_app(httpx.AsyncClient(limits=_limits, timeout=60), base_url=os.environ["BENCH_UPSTREAM"] + "/")
