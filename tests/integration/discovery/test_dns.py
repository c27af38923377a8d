"""Targets out of the DNS, asked for at a real name server."""

from __future__ import annotations

import pytest

from tests.integration.discovery.asking import asked
from tests.integration.discovery.name_server import name_server
from vizgate.discovery.dns.config import DnsDiscoveryConfig
from vizgate.discovery.dns.source import DnsDiscovery
from vizgate.extension.kinds.discovery import DiscoveredTarget, DiscoveryFailed

NAME = "api.internal.test."


def settings(*ports: int, **more):
    servers = [f"127.0.0.1:{port}" for port in ports]
    return {"kind": "dns", "name": NAME, "nameservers": servers, "search": (), "timeout": 2.0, **more}


async def test_addresses_are_targets_for_their_time_to_live() -> None:
    """Each address is a target; the next question comes when the time to live is over, a little early."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=8080)) as source:
        server.put(NAME, "A", "10.0.0.1", "10.0.0.2", ttl=20)
        assert ["10.0.0.1:8080", "10.0.0.2:8080"] == await source.addresses()
        server.put(NAME, "A", "10.0.0.2", ttl=3600)
        await source.next()
        assert 18.0 <= source.waits.seconds[0] <= 20.0
        await source.next()
        assert 54.0 <= source.waits.seconds[1] <= 60.0


async def test_short_time_to_live_asks_no_more_often_than_allowed() -> None:
    """A time to live of 0 does not make the gateway ask without a pause."""
    async with (
        name_server() as server,
        asked(DnsDiscovery, **settings(server.port, port=80, min_interval=5.0)) as source,
    ):
        server.put(NAME, "A", "10.0.0.1", ttl=0)
        assert 5.0 == (await source.next()).good_for_s


async def test_both_families_are_asked_for_together() -> None:
    """``A+AAAA`` gives the addresses of both, and the shorter time to live."""
    async with (
        name_server() as server,
        asked(DnsDiscovery, **settings(server.port, port=80, record="A+AAAA")) as source,
    ):
        server.put(NAME, "A", "10.0.0.1", ttl=30)
        server.put(NAME, "AAAA", "fd00::1", ttl=10)
        found = await source.next()
        assert (["10.0.0.1:80", "[fd00::1]:80"], 10) == ([t.address for t in found.targets], found.good_for_s)


async def test_alias_is_followed_and_its_time_to_live_counts() -> None:
    """A CNAME leads to the addresses; when it ends first, that is when to ask again."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=80)) as source:
        server.put(NAME, "CNAME", "real.test.", ttl=4)
        server.put("real.test.", "A", "10.0.0.9", ttl=300)
        found = await source.next()
        assert (("10.0.0.9",), 4) == (tuple(t.host for t in found.targets), found.good_for_s)


async def test_srv_records_say_port_priority_and_weight() -> None:
    """RFC 2782; hosts are looked up at the same server, and a certificate must be for the name that was configured."""
    async with name_server() as server:
        wanted = settings(server.port, name="_http._tcp.api.test.", record="SRV", scheme="https")
        server.put("_http._tcp.api.test.", "SRV", "10 60 8001 a.test.", "10 0 8002 b.test.", "20 5 8003 c.test.")
        server.put("a.test.", "A", "10.0.0.1", ttl=12)
        server.put("b.test.", "A", "10.0.0.2", "10.0.0.3")
        server.put("c.test.", "AAAA", "fd00::3")
        async with asked(DnsDiscovery, **wanted) as source:
            found = await source.next()
    assert {
        DiscoveredTarget("10.0.0.1", 8001, "https", 60, 10, server_name="api.test"),
        DiscoveredTarget("10.0.0.2", 8002, "https", 1, 10, server_name="api.test"),
        DiscoveredTarget("10.0.0.3", 8002, "https", 1, 10, server_name="api.test"),
        DiscoveredTarget("fd00::3", 8003, "https", 5, 20, server_name="api.test"),
    } == set(found.targets)
    assert 12 == found.good_for_s


async def test_srv_record_of_a_dot_means_that_there_is_none() -> None:
    """RFC 2782: "decidedly not available"."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, record="SRV")) as source:
        server.put(NAME, "SRV", "0 0 0 .")
        assert () == (await source.next()).targets


@pytest.mark.parametrize("others", [[], [("AAAA", "fd00::1")]], ids=["no such name", "no such record"])
async def test_name_without_addresses_is_an_empty_answer(others: list[tuple[str, str]]) -> None:
    """Also a negative answer is good for as long as its zone says (RFC 2308)."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=80)) as source:
        for kind, value in others:
            server.put(NAME, kind, value)
        found = await source.next()
        assert ((), 7) == (found.targets, found.good_for_s)


@pytest.mark.parametrize("others", [[], [("AAAA", "fd00::1")]], ids=["no such name", "no such record"])
async def test_name_without_addresses_or_a_time_is_asked_for_again_soon(others: list[tuple[str, str]]) -> None:
    """A server that does not say how long a negative answer is good for must not be believed for a minute."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=80)) as source:
        server.negative_ttl = None
        for kind, value in others:
            server.put(NAME, kind, value)
        found = await source.next()
        assert ((), 1) == (found.targets, found.good_for_s)


async def test_answer_too_long_for_udp_comes_over_tcp() -> None:
    """A hundred addresses do not fit into a datagram; none is left out."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=80)) as source:
        server.put(NAME, "A", *(f"10.0.1.{n}" for n in range(100)))
        assert 100 == len((await source.next()).targets)
        assert ["udp", "tcp"] == [transport for _, _, transport in server.questions]


async def test_another_name_server_is_asked_when_one_fails() -> None:
    """One answers SERVFAIL, one is not there at all, the third knows."""
    async with name_server() as broken, name_server() as good:
        broken.rcode = 2
        good.put(NAME, "A", "10.0.0.1")
        async with asked(DnsDiscovery, **settings(broken.port, 9, good.port, port=80, timeout=0.6)) as source:
            assert ["10.0.0.1:80"] == await source.addresses()


async def test_failures_are_told_as_such() -> None:
    """Silence and SERVFAIL are no empty answers."""
    async with name_server() as server, asked(DnsDiscovery, **settings(server.port, port=80, timeout=0.2)) as source:
        server.rcode = 2
        with pytest.raises(DiscoveryFailed, match=r"no name server|no whole answer"):
            await source.next()
        server.rcode, server.is_silent = None, True
        with pytest.raises(DiscoveryFailed, match=r"no name server|no whole answer"):
            await source.next()
        server.is_silent = False
        server.put(NAME, "A", "10.0.0.1")
        assert ["10.0.0.1:80"] == await source.addresses()


async def test_search_domains_complete_a_short_name() -> None:
    """As the system's resolver does it; a name with a dot at its end is asked for as it is."""
    async with name_server() as server:
        server.put("api.two.test.", "A", "10.0.0.2")
        wanted = settings(server.port, port=80, name="api", search=("one.test", "two.test"))
        async with asked(DnsDiscovery, **wanted) as source:
            assert ["10.0.0.2:80"] == await source.addresses()
        async with asked(DnsDiscovery, **{**wanted, "name": "api."}) as source:
            assert [] == await source.addresses()


async def test_single_look_needs_no_watch() -> None:
    """For programs that only want to know."""
    async with name_server() as server:
        server.put(NAME, "A", "10.0.0.1")
        config = DnsDiscoveryConfig(**settings(server.port, port=80))
        assert ("10.0.0.1:80",) == tuple(target.address for target in (await DnsDiscovery(config).look()).targets)
