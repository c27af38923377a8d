"""``kind: kubernetes``: the pods behind a service.

In: ``KubernetesDiscovery``: lists the EndpointSlices, then watches them. Not in: what they mean (the modules beside
this).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, ClassVar
from urllib.parse import urlencode

from vizgate.discovery.kubernetes.cluster import Access, Cluster
from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig
from vizgate.discovery.kubernetes.events import HistoryGone, SliceTable, lines_of
from vizgate.discovery.kubernetes.slices import Wanted
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.discovery import Discovered, Discovery, DiscoveryFailed
from vizgate.pipeline.ports import Call
from vizgate.units import KIB, MIB

_PAGE = 500
_MAX_PAGES = 100
_LONGEST_PAGE_BYTES = 32 * MIB
_LONGEST_LIST_BYTES = 64 * MIB
# A watch that ends sooner than this has not worked.
_SHORTEST_S = 1.0
# What a watch may be late by before it is given up.
_GRACE_S = 10.0
_GONE = 410
# A longer event is read off the loop.
_SHORT_BYTES = 16 * KIB
# Events that took longer than this together are followed by a pause of so many times as long.
_TURN_S = 0.005
_PAUSE = 4


class KubernetesDiscovery(Discovery):
    """Holds one connection to the API server, which tells every change at once.

    After a failure it lists anew, so that nothing is missed; also when the server has forgotten what changed since
    (410). A watch that ends in order is followed by the next from where it ended.
    """

    Config: ClassVar[type[ComponentConfig]] = KubernetesDiscoveryConfig

    def __init__(self, config: KubernetesDiscoveryConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._settings = config
        self._cluster = Cluster(config)
        self._spent_s = 0.0

    @property
    def label(self) -> str:
        """See ``Discovery.label``."""
        return f"kubernetes {self._settings.namespace or 'own namespace'}/{self._settings.service}"

    async def watch(self) -> AsyncIterator[Discovered]:
        """See ``Discovery.watch``."""
        while True:
            listed_s = self.context.clock.monotonic()
            table = await self._list()
            yield Discovered(table.targets())
            try:
                async with aclosing(self._follow(table)) as changes:
                    async for _ in changes:
                        yield Discovered(table.targets())
            except HistoryGone:
                if self.context.clock.monotonic() - listed_s < _SHORTEST_S:
                    raise DiscoveryFailed("the server forgets at once what it has listed (410)") from None

    # list

    async def _list(self) -> SliceTable:
        """Every slice there is, page by page."""
        items: list[Any] = []
        more = ""
        length = 0
        for _ in range(_MAX_PAGES):
            access = await asyncio.to_thread(self._cluster.access)
            query = {"limit": str(_PAGE), **({"continue": more} if more else {})}
            answer = await self.context.calls.call(self._call(access, query, self._settings.timeout))
            if answer.status == _GONE and more:
                # The list has changed so much meanwhile that its rest cannot be told: from the beginning.
                items, more = [], ""
                continue
            _check(answer.status)
            length += len(answer.body)
            if length > _LONGEST_LIST_BYTES:
                break
            document = await asyncio.to_thread(_document_of, answer.body)
            items += document["items"]
            more = document["metadata"].get("continue", "")
            if not more:
                table = SliceTable(self._wanted(access))
                await asyncio.to_thread(table.replace, items, document["metadata"]["resourceVersion"])
                return table
        raise DiscoveryFailed("the list of EndpointSlices has no end")

    def _wanted(self, access: Access) -> Wanted:
        config = self._settings
        server_name = f"{config.service}.{access.namespace}.svc" if config.scheme == "https" else ""
        return Wanted(config.port, config.family, config.scheme, server_name)

    # watch

    async def _follow(self, table: SliceTable) -> AsyncGenerator[None]:
        """Keep *table* as the cluster is; one turn for every sign of it. Raises: HistoryGone: it must be listed."""
        clock = self.context.clock
        while True:
            began_s = clock.monotonic()
            async with aclosing(self._watch_once(table)) as signs:
                async for _ in signs:
                    yield
            if clock.monotonic() - began_s < _SHORTEST_S:
                await self.context.sleep(_SHORTEST_S)

    async def _watch_once(self, table: SliceTable) -> AsyncGenerator[None]:
        access = await asyncio.to_thread(self._cluster.access)
        seconds = max(1, round(self._settings.watch_for * self.context.random.uniform(0.75, 1.0)))
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": table.version,
            "timeoutSeconds": str(seconds),
        }
        async with self.context.calls.stream(self._call(access, query, seconds + _GRACE_S)) as answer:
            if answer.status == _GONE:
                raise HistoryGone
            _check(answer.status)
            yield
            async with aclosing(lines_of(answer.chunks)) as together:
                async for lines in together:
                    began_s = self.context.clock.monotonic()
                    for line in lines:
                        await self._apply(table, line)
                    yield
                    await self._rest(self.context.clock.monotonic() - began_s)

    async def _apply(self, table: SliceTable, line: bytes) -> None:
        if len(line) <= _SHORT_BYTES:
            table.apply(line)
        else:
            await asyncio.to_thread(table.apply, line)

    async def _rest(self, spent_s: float) -> None:
        """Leave the loop to others: the server may send more events than there is time for, and without an end."""
        self._spent_s += spent_s
        if self._spent_s > _TURN_S:
            pause_s, self._spent_s = _PAUSE * self._spent_s, 0.0
            await self.context.sleep(pause_s)

    def _call(self, access: Access, query: dict[str, str], timeout_s: float) -> Call:
        selector = {"labelSelector": f"kubernetes.io/service-name={self._settings.service}"}
        path = f"/apis/discovery.k8s.io/v1/namespaces/{access.namespace}/endpointslices"
        token = ((b"Authorization", b"Bearer " + access.token),) if access.token else ()
        return Call(
            f"{access.url}{path}?{urlencode({**selector, **query})}",
            fields=((b"Accept", b"application/json"), *token),
            timeout_s=timeout_s,
            limit_bytes=_LONGEST_PAGE_BYTES,
            authorities=access.authorities,
        )


def _check(status: int) -> None:
    if status in {401, 403}:
        raise DiscoveryFailed(f"the API server answered {status}: the account may not list and watch endpointslices")
    if status != 200:
        raise DiscoveryFailed(f"the API server answered {status}")


def _document_of(body: bytes) -> dict[str, Any]:
    """The list in *body*. Raises: DiscoveryFailed: it is none."""
    try:
        document: dict[str, Any] = json.loads(body)
        if isinstance(document["items"], list) and isinstance(document["metadata"]["resourceVersion"], str):
            return document
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise DiscoveryFailed("the API server's answer is no list")
