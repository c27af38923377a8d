"""The examples that ask another server: the server beside each of them answers, over a real socket."""

from __future__ import annotations

import asyncio
import json
import runpy
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from vizgate.config import load_config
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def authority(program: Path) -> Iterator[str]:
    """The server in *program* on a free port; gives its URL."""
    server = runpy.run_path(str(program))["serve"](0)
    server.RequestHandlerClass.log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def served(file: Path, overrides: dict[str, Any]) -> AsyncIterator[int]:
    registry = Registry(BUILTIN)
    fixed = {"server.listen": "127.0.0.1:0", "server.admin": "off", "observe.access_log.format": "off"}
    config = load_config(file, overrides={**fixed, **overrides}, resolve=registry.resolve)
    async with Gateway(config, registry=registry) as gateway:
        yield gateway.addresses[0][1]


def ask(port: int, path: str, headers: dict[str, str]) -> tuple[HTTPResponse, dict[str, Any]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, json.loads(response.read())
    finally:
        connection.close()


async def test_introspection_example() -> None:
    """One token may, one lacks the scope, one is not known; and without the server nobody can tell."""
    with authority(EXAMPLES / "auth-introspection" / "server.py") as url:
        overrides = {"auth.partners.endpoint": f"{url}/introspect"}
        async with served(EXAMPLES / "auth-introspection" / "vizgate.yaml", overrides) as port:
            statuses = {}
            for token in ("reader", "visitor", "other"):
                headers = {"Authorization": f"Bearer {token}"}
                response, body = await asyncio.to_thread(ask, port, "/reports/1", headers)
                statuses[token] = response.status
                if token == "reader":
                    assert ["X-Auth-User", "acme"] in body["headers"]
    assert {"reader": 200, "visitor": 403, "other": 401} == statuses
    async with served(EXAMPLES / "auth-introspection" / "vizgate.yaml", overrides) as port:
        response, _ = await asyncio.to_thread(ask, port, "/reports/1", {"Authorization": "Bearer reader"})
        assert 503 == response.status


async def test_forward_auth_example() -> None:
    """The authoriser lets in, refuses the person or the place, and says which team it is."""
    with authority(EXAMPLES / "forward-auth" / "authoriser.py") as url:
        overrides = {"auth.company.url": f"{url}/check"}
        async with served(EXAMPLES / "forward-auth" / "vizgate.yaml", overrides) as port:
            statuses = []
            for session, path in [("s-ann", "/wiki/internal/plan"), ("s-bob", "/wiki/internal/plan"), ("x", "/wiki/")]:
                headers = {"Cookie": f"session={session}", "X-Auth-Team": "everything"}
                response, body = await asyncio.to_thread(ask, port, path, headers)
                statuses.append(response.status)
                if response.status == 200:
                    assert [value for name, value in body["headers"] if name == "X-Auth-Team"] == ["platform"]
                if response.status == 401:
                    assert 'Session realm="wiki"' == response.headers["WWW-Authenticate"]
    assert [200, 403, 401] == statuses
