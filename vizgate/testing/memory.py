"""A whole gateway without a socket: routes, middleware, limits, log records.

In: ``MemoryClient`` and ``MemoryResponse``. Not in: an upstream on a real port (``testing.scripted_upstream``).

::

    async def users(request: Request) -> Response:
        return Response.json(200, {"path": request.path})


    async with MemoryClient(config_text, services={"users": users}) as client:
        response = await client.get("/users/7", headers={"X-Api-Key": "k"})
        assert response.json() == {"path": "/users/7"}

It asks the gateway the way an ASGI server would, so what is tested is what is served.
"""

from __future__ import annotations

import asyncio
import json as _json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from vizgate.clock import Clock
from vizgate.config import GatewayConfig, load_text
from vizgate.extension.registry import Registry
from vizgate.gateway.asgi.http import serve_http
from vizgate.gateway.asgi.lifecycle import Keeper
from vizgate.gateway.asgi.messages import Message, Scope
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.public import PublicSite
from vizgate.gateway.server import Gateway
from vizgate.message.headers import Field, Headers
from vizgate.observe.exchange import ExchangeRecord
from vizgate.pipeline.handler import Handler

Body = bytes | str | AsyncIterable[bytes]
Fields = Mapping[str, str] | Iterable[tuple[str, str]]

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class MemoryResponse:
    """A whole answer; the fields that a server adds, such as Date, are not there."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON. Raises: ValueError: it is none."""
        return _json.loads(self.body)


class MemoryClient:
    """Sends requests to *gateway*, whose parts run from the beginning to the end of the ``async with`` block.

    Services with targets are reached over the network as ever, unless *services* has a handler that stands in for them.
    A gateway made from text writes no access log unless the text asks for one.

    Args: gateway: a gateway that was not started, or YAML text. services: stand-ins by the name of the service. clock:
    what the gateway takes for the time; it and *services* go with YAML text only. client: the IP address that requests
    come from.
    """

    def __init__(
        self,
        gateway: Gateway | str,
        *,
        services: Mapping[str, Handler] | None = None,
        clock: Clock | None = None,
        client: str = "127.0.0.1",
    ) -> None:
        if isinstance(gateway, str):
            gateway = _gateway_of(gateway, clock, services)
        elif services is not None or clock is not None:
            raise ValueError("services and clock go to Gateway(...) itself when it is made elsewhere")
        self.gateway = gateway
        self.client = client
        #: What the access log would tell of every request that has ended.
        self.records: list[ExchangeRecord] = []
        self._keeper = Keeper(gateway)
        self._site: PublicSite | None = None

    async def __aenter__(self) -> Self:
        await self._keeper.start()
        self._site = self.gateway.site(self.records.append)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._site = None
        await self._keeper.stop()

    async def get(self, url: str, *, headers: Fields = ()) -> MemoryResponse:
        """As ``request``, with GET."""
        return await self.request("GET", url, headers=headers)

    async def head(self, url: str, *, headers: Fields = ()) -> MemoryResponse:
        """As ``request``, with HEAD."""
        return await self.request("HEAD", url, headers=headers)

    async def options(self, url: str, *, headers: Fields = ()) -> MemoryResponse:
        """As ``request``, with OPTIONS."""
        return await self.request("OPTIONS", url, headers=headers)

    async def delete(self, url: str, *, headers: Fields = ()) -> MemoryResponse:
        """As ``request``, with DELETE."""
        return await self.request("DELETE", url, headers=headers)

    async def post(self, url: str, *, headers: Fields = (), body: Body = b"", json: Any = None) -> MemoryResponse:
        """As ``request``, with POST."""
        return await self.request("POST", url, headers=headers, body=body, json=json)

    async def put(self, url: str, *, headers: Fields = (), body: Body = b"", json: Any = None) -> MemoryResponse:
        """As ``request``, with PUT."""
        return await self.request("PUT", url, headers=headers, body=body, json=json)

    async def patch(self, url: str, *, headers: Fields = (), body: Body = b"", json: Any = None) -> MemoryResponse:
        """As ``request``, with PATCH."""
        return await self.request("PATCH", url, headers=headers, body=body, json=json)

    async def request(
        self, method: str, url: str, *, headers: Fields = (), body: Body = b"", json: Any = None
    ) -> MemoryResponse:
        """Send a request and collect its answer.

        Args: url: a path with query, sent as it is, or a whole URL. body: bytes, text, or chunks whose length nobody
        is told beforehand. json: a value to send as JSON instead of *body*.
        Raises: RuntimeError: outside the ``async with`` block. ExchangeError: the answer broke off half-way.
        """
        if self._site is None:
            raise RuntimeError("a MemoryClient serves inside its `async with` block only")
        fields = Headers.of(headers.items() if isinstance(headers, Mapping) else headers)
        if json is not None:
            body = _json.dumps(json)
            if "Content-Type" not in fields:
                fields["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode()
        exchange = _Exchange(body)
        scope = self._scope(method, url, _framed(fields, method, body))
        await serve_http(self._site, self.gateway.state.clock, scope, exchange.receive, exchange.send)
        return exchange.response()

    def _scope(self, method: str, url: str, fields: Headers) -> Scope:
        parts = urlsplit(url)
        scheme = parts.scheme or "http"
        start = len(f"{parts.scheme}://{parts.netloc}") if parts.scheme else 0
        path, _, query = url[start:].partition("?")
        if "Host" not in fields:
            fields.raw.insert(0, (b"Host", (parts.netloc or "localhost").encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": unquote(path or "/"),
            "raw_path": (path or "/").encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": fields.raw,
            "client": (self.client, 0),
            "server": (parts.hostname or "localhost", parts.port or _DEFAULT_PORTS.get(scheme)),
        }

    def __repr__(self) -> str:
        return f"<MemoryClient of {self.gateway!r} [{len(self.records)} requests]>"


def _gateway_of(text: str, clock: Clock | None, services: Mapping[str, Handler] | None) -> Gateway:
    registry = Registry(BUILTIN)
    config = load_text(text, resolve=registry.resolve)
    return Gateway(_quiet(config), clock=clock, registry=registry, services=services)


def _quiet(config: GatewayConfig) -> GatewayConfig:
    """*config* without what is for people, unless it asks for that itself."""
    observe = config.observe
    silent: dict[str, Any] = {}
    if "access_log" not in observe.model_fields_set:
        silent["access_log"] = observe.access_log.model_copy(update={"format": "off"})
    if "loop_lag" not in observe.model_fields_set:
        silent["loop_lag"] = None
    return config.model_copy(update={"observe": observe.model_copy(update=silent)})


def _framed(fields: Headers, method: str, body: bytes | AsyncIterable[bytes]) -> Headers:
    """*fields* with what announces *body*, unless they announce one already."""
    if "Content-Length" in fields or "Transfer-Encoding" in fields:
        return fields
    if not isinstance(body, bytes):
        fields["Transfer-Encoding"] = "chunked"
    elif body or method in {"POST", "PUT", "PATCH"}:
        fields["Content-Length"] = str(len(body))
    return fields


class _Exchange:
    """The server's side of one ASGI request: a client that sends all of its body, and waits for the whole answer."""

    def __init__(self, body: bytes | AsyncIterable[bytes]) -> None:
        self._body: AsyncIterator[bytes] = aiter(_once(body) if isinstance(body, bytes) else body)
        self._is_sent = False
        self._status = 0
        self._fields: list[Field] = []
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        if self._is_sent:
            await asyncio.Event().wait()  # this client never leaves
        async for data in self._body:
            return {"type": "http.request", "body": data, "more_body": True}
        self._is_sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._fields = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        else:
            self._parts.append(bytes(message.get("body", b"")))

    def response(self) -> MemoryResponse:
        return MemoryResponse(self._status, Headers(self._fields), b"".join(self._parts))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data
