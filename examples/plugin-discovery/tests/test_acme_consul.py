"""The source alone, with a Consul that lives in the test."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from acme_consul import Consul, ConsulConfig, targets_of

from vizgate import Context, DiscoveredTarget, DiscoveryFailed
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.testing import check_discovery

CONFIG = ConsulConfig(url="http://127.0.0.1:8500", service="web")


def instance(port: int, address: str = "10.0.0.1") -> dict[str, object]:
    node = {"Address": "10.0.0.9", "Datacenter": "dc1"}
    return {"Node": node, "Service": {"Address": address, "Port": port, "Weights": {"Passing": 3}}}


class Server:
    """Answers as Consul does: at once to who knows less, else when something has changed."""

    def __init__(self) -> None:
        self.index = 1
        self.instances = [instance(80)]
        self.status = 200
        self.changed = asyncio.Event()

    def change(self) -> None:
        self.index += 1
        self.instances.append(instance(80 + self.index))
        self._wake()

    def fail(self) -> None:
        self.status = 500
        self._wake()

    def mend(self) -> None:
        self.status = 200

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def call(self, call: Call) -> CallAnswer:
        known = int(parse_qs(urlsplit(call.url).query)["index"][0])
        if known == self.index and self.status == 200:
            await self.changed.wait()
        fields = ((b"X-Consul-Index", str(self.index).encode()),)
        return CallAnswer(self.status, fields, json.dumps(self.instances).encode())


async def test_consul_meets_contract() -> None:
    """The first answer, changes, failures, an end when it is cancelled, and no question without a pause."""
    server = Server()
    await check_discovery(
        lambda context: Consul(CONFIG, context),
        change=server.change,
        fail=server.fail,
        mend=server.mend,
        context=Context(calls=server),
    )


def test_instances_are_targets() -> None:
    """With weight and data centre; an instance without an address of its own has that of its node."""
    body = json.dumps([instance(80), instance(81, address="")]).encode()
    assert (
        DiscoveredTarget("10.0.0.1", 80, weight=3, zone="dc1"),
        DiscoveredTarget("10.0.0.9", 81, weight=3, zone="dc1"),
    ) == targets_of(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}1", b'[{"Node": {}}]', b'[{"Service": {"Address": "a b", "Port": 1}}]']
)
def test_anything_else_fails(body: bytes) -> None:
    """And the gateway goes on with what it knew."""
    with pytest.raises(DiscoveryFailed):
        targets_of(body)
