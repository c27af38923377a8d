"""A vizgate plugin: ``discovery: {kind: acme_consul, url: ..., service: web}`` asks the catalog of Consul.

Its questions wait at Consul until something has changed (blocking queries), so a change is seen at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from pydantic import Field

from vizgate import Discovered, DiscoveredTarget, Discovery, DiscoveryConfig, DiscoveryFailed
from vizgate.pipeline.ports import Call

WAIT_S = 60


class ConsulConfig(DiscoveryConfig):
    """What stands beside ``kind:``."""

    url: str = Field(pattern=r"^https?://[^/]+$")
    service: str = Field(min_length=1)


class Consul(Discovery):
    """The healthy instances of a service."""

    Config = ConsulConfig
    contract_version = 1

    @property
    def label(self) -> str:
        """See ``Discovery.label``."""
        return f"consul {self.config.service}"

    async def watch(self) -> AsyncIterator[Discovered]:
        """See ``Discovery.watch``."""
        index = 0
        while True:
            answer = await self.context.calls.call(self._question(index))
            if answer.status != 200:
                raise DiscoveryFailed(f"Consul answered {answer.status}")
            fields = {name.lower(): value for name, value in answer.fields}
            latest = int(fields.get(b"x-consul-index", b"0"))
            # One that goes back is that of a server that was restored: begin anew.
            index = latest if latest >= index else 0
            yield Discovered(targets_of(answer.body))
            if not index:
                await self.context.sleep(1)

    def _question(self, index: int) -> Call:
        path = f"/v1/health/service/{quote(self.config.service, safe='')}"
        query = f"passing=1&wait={WAIT_S}s&index={index}"
        return Call(f"{self.config.url}{path}?{query}", timeout_s=WAIT_S + 10, limit_bytes=4 * 1024 * 1024)


def targets_of(body: bytes) -> tuple[DiscoveredTarget, ...]:
    """The instances that Consul lists. Raises: DiscoveryFailed: it is no such list."""
    try:
        return tuple(target_of(entry) for entry in json.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        raise DiscoveryFailed(f"Consul's answer cannot be read: {type(error).__name__}") from None


def target_of(entry: dict[str, Any]) -> DiscoveredTarget:
    """One of them; its own address goes before that of its node."""
    service = entry["Service"]
    weight = service.get("Weights", {}).get("Passing", 1)
    return DiscoveredTarget(
        service["Address"] or entry["Node"]["Address"],
        service["Port"],
        weight=max(1, weight),
        zone=entry["Node"].get("Datacenter", ""),
    )
