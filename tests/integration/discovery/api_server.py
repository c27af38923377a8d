"""A Kubernetes API server of EndpointSlices on a real socket: lists with pages, watches as chunked streams.

What it is faithful in: every change has a resource version of its own and is an event; a watch begins behind the
version it names, also when that is in the past; a version that was compacted gets 410, on a new watch as a status, on a
list that goes on by ``continue`` too; ``timeoutSeconds`` ends a watch in order; bookmarks carry a version and nothing
else; who shows no good token gets 401.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "/apis/discovery.k8s.io/v1/namespaces/"
_END = None


def pod(address: str, *, ready: bool | None = True, serving: bool = True, terminating: bool = False, zone: str = ""):
    """An endpoint of a slice."""
    conditions = {"serving": serving, "terminating": terminating}
    if ready is not None:
        conditions["ready"] = ready
    return {"addresses": [address], "conditions": conditions, **({"zone": zone} if zone else {})}


class ApiServer:
    """``questions``: path and query of each request. ``token``: what must be shown, "" for nothing. ``is_slow``: no
    answer is given. ``status``: given instead of any answer. ``pieces``: events are cut into so many chunks.
    """

    def __init__(self) -> None:
        self.questions: list[tuple[str, dict[str, str]]] = []
        self.token = ""
        self.is_slow = False
        self.status = 0
        self.pieces = 1
        self.url = ""
        self._version = 1000
        self._compacted = 0
        self._slices: dict[tuple[str, str], dict[str, Any]] = {}
        self._history: list[tuple[int, str, dict[str, Any]]] = []
        self._watches: dict[asyncio.Queue[bytes | None], tuple[str, str]] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    # what a test does to the cluster

    def put(self, name: str, *pods: dict[str, Any], service="api", namespace="shop", ports=None, family="IPv4") -> None:
        """Make the slice *name*, or change it."""
        self._version += 1
        kind = "MODIFIED" if (namespace, name) in self._slices else "ADDED"
        self._slices[namespace, name] = found = {
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "resourceVersion": str(self._version),
                "labels": {"kubernetes.io/service-name": service},
            },
            "addressType": family,
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}] if ports is None else ports,
            "endpoints": list(pods),
        }
        self._tell(kind, found)

    def delete(self, name: str, namespace="shop") -> None:
        self._version += 1
        found = self._slices.pop((namespace, name))
        found = {**found, "metadata": {**found["metadata"], "resourceVersion": str(self._version)}}
        self._tell("DELETED", found)

    def compact(self) -> None:
        """Forget what has changed so far."""
        self._compacted = self._version
        self._history.clear()

    def bookmark(self) -> None:
        """Tell every watch how far it is; other objects of the cluster have changed meanwhile."""
        self._version += 7
        for queue in self._watches:
            queue.put_nowait(_line("BOOKMARK", {"metadata": {"resourceVersion": str(self._version)}}))

    def end_watches(self) -> None:
        """As when their time is over."""
        for queue in self._watches:
            queue.put_nowait(_END)

    def fail_watches(self, code: int, reason: str) -> None:
        """An event that says so, as when the storage is compacted under a watch."""
        for queue in self._watches:
            queue.put_nowait(_line("ERROR", {"kind": "Status", "code": code, "reason": reason}))

    def cut(self) -> None:
        """Every connection breaks."""
        for writer in self._writers:
            writer.transport.abort()

    @property
    def watches(self) -> int:
        return len(self._watches)

    def _tell(self, kind: str, found: dict[str, Any]) -> None:
        self._history.append((self._version, kind, found))
        for queue, wanted in self._watches.items():
            if _is_of(found, *wanted):
                queue.put_nowait(_line(kind, found))

    # what it answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = head.split()[1].decode()
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                await self._answer(writer, target, fields.get(b"authorization", b"").decode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, target: str, credential: str) -> None:
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.questions.append((parts.path, query))
        namespace, _, kind = parts.path.removeprefix(PREFIX).partition("/")
        if self.is_slow:
            await asyncio.Event().wait()
        if self.status:
            await _send(writer, self.status, {"kind": "Status", "code": self.status})
        elif self.token and credential != f"bearer {self.token}":
            await _send(writer, 401, {"kind": "Status", "code": 401})
        elif kind != "endpointslices":
            await _send(writer, 404, {"kind": "Status", "code": 404})
        else:
            service = query["labelSelector"].removeprefix("kubernetes.io/service-name=")
            await (self._watch if "watch" in query else self._list)(writer, (namespace, service), query)

    async def _list(self, writer: asyncio.StreamWriter, wanted: tuple[str, str], query: dict[str, str]) -> None:
        begin, version = 0, self._version
        if "continue" in query:
            begin, version = map(int, query["continue"].split("."))
            if version <= self._compacted:
                await _send(writer, 410, {"kind": "Status", "code": 410, "reason": "Expired"})
                return
        found = [slice_ for slice_ in self._slices.values() if _is_of(slice_, *wanted)]
        end = begin + int(query["limit"])
        metadata = {"resourceVersion": str(version)}
        if end < len(found):
            metadata["continue"] = f"{end}.{version}"
        await _send(writer, 200, {"kind": "EndpointSliceList", "metadata": metadata, "items": found[begin:end]})

    async def _watch(self, writer: asyncio.StreamWriter, wanted: tuple[str, str], query: dict[str, str]) -> None:
        since = int(query["resourceVersion"])
        if since < self._compacted:
            await _send(writer, 410, {"kind": "Status", "code": 410, "reason": "Expired"})
            return
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        for version, kind, found in self._history:
            if version > since and _is_of(found, *wanted):
                queue.put_nowait(_line(kind, found))
        self._watches[queue] = wanted
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            async with asyncio.timeout(float(query["timeoutSeconds"])):
                while (line := await queue.get()) is not _END:
                    await self._send_event(writer, line)
        except TimeoutError:
            pass
        finally:
            del self._watches[queue]
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _send_event(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        size = -(-len(line) // self.pieces)
        for start in range(0, len(line), size):
            piece = line[start : start + size]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0)


def _is_of(found: dict[str, Any], namespace: str, service: str) -> bool:
    metadata = found["metadata"]
    return metadata["namespace"] == namespace and metadata["labels"]["kubernetes.io/service-name"] == service


def _line(kind: str, found: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


async def _send(writer: asyncio.StreamWriter, status: int, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)))
    writer.write(body)
    await writer.drain()


@asynccontextmanager
async def api_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[ApiServer]:
    """A server on a free port of 127.0.0.1."""
    served = ApiServer()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(served.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    served.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield served
    finally:
        server.close()
        served.cut()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
