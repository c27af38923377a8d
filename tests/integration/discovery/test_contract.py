"""Every source that vizgate brings along keeps the contract that it asks of others."""

from __future__ import annotations

from pathlib import Path

from tests.integration.discovery.api_server import api_server, pod
from tests.integration.discovery.name_server import name_server
from tests.integration.discovery.test_http import lister
from vizgate import (
    Calls,
    DnsDiscovery,
    DnsDiscoveryConfig,
    FileDiscovery,
    FileDiscoveryConfig,
    HttpDiscovery,
    HttpDiscoveryConfig,
    KubernetesDiscovery,
    KubernetesDiscoveryConfig,
)
from vizgate.extension.contract import Context
from vizgate.testing import check_discovery


async def test_dns_meets_contract() -> None:
    """With a server that stops to know anything."""
    async with name_server() as server:
        server.put("api.test.", "A", "10.0.0.1", ttl=0)
        config = DnsDiscoveryConfig(
            kind="dns", name="api.test.", port=80, nameservers=(f"127.0.0.1:{server.port}",), search=(), timeout=0.3
        )

        def change() -> None:
            server.put("api.test.", "A", "10.0.0.1", "10.0.0.2", ttl=0)

        def fail() -> None:
            server.rcode = 2

        def mend() -> None:
            server.rcode = None

        await check_discovery(lambda context: DnsDiscovery(config, context), change=change, fail=fail, mend=mend)


async def test_file_meets_contract(tmp_path: Path) -> None:
    """With a file that is taken away."""
    path = tmp_path / "targets.yaml"
    path.write_text("[10.0.0.1:80]")
    config = FileDiscoveryConfig(kind="file", path=path)

    def change() -> None:
        path.write_text("[10.0.0.1:80, 10.0.0.2:80]")

    def mend() -> None:
        path.write_text("[10.0.0.1:80]")

    await check_discovery(lambda context: FileDiscovery(config, context), change=change, fail=path.unlink, mend=mend)


async def test_http_meets_contract() -> None:
    """With a server that answers 500."""
    async with lister() as server, Calls() as calls:
        server.body = b'["10.0.0.1:80"]'
        config = HttpDiscoveryConfig(kind="http", url=server.url)

        def change() -> None:
            server.body = b'["10.0.0.2:80"]'

        def fail() -> None:
            server.status = 500

        def mend() -> None:
            server.status = 200

        await check_discovery(
            lambda context: HttpDiscovery(config, context),
            change=change,
            fail=fail,
            mend=mend,
            context=Context(calls=calls),
        )


async def test_kubernetes_meets_contract() -> None:
    """With a server whose connections break."""
    async with api_server() as server, Calls() as calls:
        server.put("api-1", pod("10.0.0.1"))
        config = KubernetesDiscoveryConfig(kind="kubernetes", service="api", namespace="shop", url=server.url)

        def fail() -> None:
            server.status = 500
            server.cut()

        def mend() -> None:
            server.status = 0

        await check_discovery(
            lambda context: KubernetesDiscovery(config, context),
            change=lambda: server.put("api-1", pod("10.0.0.2")),
            fail=fail,
            mend=mend,
            context=Context(calls=calls),
        )
