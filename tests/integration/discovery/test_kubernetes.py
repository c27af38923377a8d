"""The pods of a service, by the API of a cluster: a server on a real socket that keeps its rules."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from tests.integration.discovery.api_server import ApiServer, api_server, pod
from tests.integration.discovery.asking import Asked, asked
from vizgate.discovery.kubernetes.source import KubernetesDiscovery
from vizgate.errors import CallFailed
from vizgate.extension.kinds.discovery import Discovered, DiscoveredTarget, DiscoveryFailed
from vizgate.testing import ManualClock


def settings(server: ApiServer, **more):
    return {"kind": "kubernetes", "service": "api", "namespace": "shop", "url": server.url, **more}


async def until(source: Asked, *addresses: str) -> Discovered:
    """The first answer that has these targets."""
    for _ in range(20):
        found = await source.next()
        if sorted(addresses) == sorted(target.address for target in found.targets):
            return found
    raise AssertionError(f"never {addresses}, but {found}")


async def watching(source: Asked, server: ApiServer) -> None:
    """Until the watch is under way."""
    await source.next()
    assert 1 == server.watches


async def test_changes_come_as_they_happen() -> None:
    """The list first; then what is added, changed and deleted, one event at a time, in several slices."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.put("api-1", pod("10.0.0.1", zone="eu-1"))
        assert (DiscoveredTarget("10.0.0.1", 8080, zone="eu-1"),) == (await source.next()).targets
        await watching(source, server)
        server.put("api-2", pod("10.0.0.2"), pod("10.0.0.3"))
        await until(source, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080")
        server.put("api-2", pod("10.0.0.3"))
        await until(source, "10.0.0.1:8080", "10.0.0.3:8080")
        server.delete("api-1")
        await until(source, "10.0.0.3:8080")
        server.put("other-1", pod("10.9.9.9"), service="other")
        server.put("api-2", pod("10.0.0.4"))
        await until(source, "10.0.0.4:8080")


async def test_events_may_come_in_pieces() -> None:
    """A chunk is not an event: one may be cut anywhere."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.pieces = 50
        await source.next()
        await watching(source, server)
        server.put("api-1", pod("10.0.0.1"))
        await until(source, "10.0.0.1:8080")


class _Slow(ManualClock):
    """Every look at it takes ten milliseconds."""

    def monotonic(self) -> float:
        self.advance(0.01)
        return super().monotonic()


async def test_events_that_take_long_are_followed_by_a_pause() -> None:
    """However many events a server sends, most of the time is left to requests."""
    async with api_server() as server, asked(KubernetesDiscovery, _Slow(), **settings(server)) as source:
        server.put("api-1", pod("10.0.0.1"))
        await source.next()
        await source.next()
        server.put("api-1", pod("10.0.0.2"))
        assert ["10.0.0.2:8080"] == await source.addresses()
        server.put("api-1", pod("10.0.0.3"))
        assert ["10.0.0.3:8080"] == await source.addresses()
        assert [pytest.approx(0.04)] == source.waits.seconds


async def test_list_comes_page_by_page() -> None:
    """A service of many slices is listed whole."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        for number in range(1200):
            server.put(f"api-{number}", pod(f"10.1.{number // 250}.{number % 250}"))
        assert 1200 == len((await source.next()).targets)
        assert [None, "500.2200", "1000.2200"] == [query.get("continue") for _, query in server.questions]


async def test_pod_that_ends_is_leaving() -> None:
    """Ready: asked. Ending and still serving: no new clients. Neither: gone."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        ending = pod("10.0.0.2", ready=False, terminating=True)
        server.put("api-1", pod("10.0.0.1"), ending, pod("10.0.0.3", ready=False), pod("10.0.0.4", ready=None))
        assert [("10.0.0.1", False), ("10.0.0.2", True), ("10.0.0.4", False)] == [
            (target.host, target.is_leaving) for target in (await source.next()).targets
        ]


async def test_watch_goes_on_from_where_it_ended() -> None:
    """When its time is over the next one begins at the version that was seen last; nothing is listed or missed."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.put("api-1", pod("10.0.0.1"))
        await source.next()
        await watching(source, server)
        server.bookmark()
        await source.next()
        server.end_watches()
        server.put("api-1", pod("10.0.0.2"))
        await until(source, "10.0.0.2:8080")
        lists = [query for _, query in server.questions if "watch" not in query]
        versions = [query["resourceVersion"] for _, query in server.questions if "watch" in query]
        assert (1, ["1001", "1008"]) == (len(lists), versions)


@pytest.mark.parametrize("how", ["event", "status"])
async def test_history_that_is_gone_is_listed_anew(how: str) -> None:
    """410 Gone, in the stream or as the answer to the next watch, is no failure."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.put("api-1", pod("10.0.0.1"))
        await source.next()
        await watching(source, server)
        source.clock.advance(10)
        if how == "event":
            server.fail_watches(410, "Expired")
        else:
            server.end_watches()
        server.put("api-1", pod("10.0.0.2"))
        server.compact()
        await until(source, "10.0.0.2:8080")
        assert 2 == sum("watch" not in query for _, query in server.questions)


async def test_cut_connection_is_a_failure_and_then_nothing_is_missed() -> None:
    """A stream that breaks off is not taken for one that has ended; what changed meanwhile is listed."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.put("api-1", pod("10.0.0.1"))
        await source.next()
        await watching(source, server)
        server.cut()
        server.put("api-1", pod("10.0.0.2"))
        with pytest.raises(CallFailed):
            await until(source, "10.0.0.2:8080")
        await until(source, "10.0.0.2:8080")


async def test_silent_server_is_a_failure() -> None:
    """Neither a list nor a watch is waited for without an end."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server, timeout=0.1)) as source:
        server.is_slow = True
        with pytest.raises(CallFailed, match="no whole answer"):
            await source.next()


@pytest.mark.parametrize(("status", "message"), [(403, "may not list and watch"), (500, "answered 500")])
async def test_refusal_says_why(status: int, message: str) -> None:
    """An account that may not list is told as that."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        server.status = status
        with pytest.raises(DiscoveryFailed, match=message):
            await source.next()


async def test_port_is_chosen_by_name_or_number() -> None:
    """Slices of one service may have different numbers for one name; who wants a port that is not there is told."""
    ports = [
        {"name": "http", "port": 8080},
        {"name": "admin", "port": 9000},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    moved = [{"name": "http", "port": 8081}, {"name": "admin", "port": 9000}]
    async with api_server() as server:
        server.put("api-1", pod("10.0.0.1"), ports=ports)
        server.put("api-2", pod("10.0.0.2"), ports=moved)
        for port, wanted in [("http", ["10.0.0.1:8080", "10.0.0.2:8081"]), (9000, ["10.0.0.1:9000", "10.0.0.2:9000"])]:
            async with asked(KubernetesDiscovery, **settings(server, port=port)) as source:
                assert wanted == await source.addresses()
        for port, message in [
            ("web", "no port is 'web'. There are: admin .9000., http .8080., http .8081."),
            (None, "`port`"),
        ]:
            async with asked(KubernetesDiscovery, **settings(server, port=port)) as source:
                with pytest.raises(DiscoveryFailed, match=message):
                    await source.next()


async def test_service_account_is_shown_to_a_server_that_is_verified(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a cluster everything is found in the pod: server, authorities, namespace, and a token that is read again
    for every question.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "namespace").write_text("shop")
    (tmp_path / "token").write_text("first\n")
    async with api_server(context) as server:
        server.token = "first"
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.url.rpartition(":")[2])
        server.put("api-1", pod("10.0.0.1"))
        inside = {"kind": "kubernetes", "service": "api", "service_account": tmp_path}
        async with asked(KubernetesDiscovery, **inside, scheme="https") as source:
            assert (DiscoveredTarget("10.0.0.1", 8080, "https", server_name="api.shop.svc"),) == (
                await source.next()
            ).targets
            server.token = "second"
            with pytest.raises(DiscoveryFailed, match="401"):
                await until(source, "nobody")
            (tmp_path / "token").write_text("second")
            assert ["10.0.0.1:8080"] == await source.addresses()
        other = trustme.CA()
        other.cert_pem.write_to_path(tmp_path / "ca.crt")
        async with asked(KubernetesDiscovery, **inside) as source:
            with pytest.raises(CallFailed, match="certificate was not accepted"):
                await source.next()


async def test_without_a_cluster_around_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts it on a laptop is told what is missing."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    async with asked(KubernetesDiscovery, kind="kubernetes", service="api") as source:
        with pytest.raises(DiscoveryFailed, match="there is no cluster around"):
            async with asyncio.timeout(5):
                await source.next()


async def test_server_that_forgets_at_once_is_a_failure() -> None:
    """A list whose watch is gone already must not be followed by the next without a pause."""
    async with api_server() as server, asked(KubernetesDiscovery, **settings(server)) as source:
        await source.next()
        server.put("api-1", pod("10.0.0.1"))
        server.compact()
        with pytest.raises(DiscoveryFailed, match="forgets at once"):
            await source.next()
