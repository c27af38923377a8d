"""Asks name servers.

In: ``DnsResolver``, over dnspython; UDP, and TCP when an answer is cut short. Not in: what records mean
(``discovery.dns.records``). The only module that imports ``dns``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from vizgate.discovery.dns.config import NameServer
from vizgate.discovery.dns.records import Addresses, SrvRecord, SrvRecords
from vizgate.errors import VizgateError
from vizgate.extension.kinds.discovery import DiscoveryFailed

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.message

Family = Literal["A", "AAAA"]

# What passes every network without being cut into pieces (DNS flag day 2020).
_UDP_BYTES = 1232
_ONE_SERVER_S = 2.0
# dnspython follows the names of one answer; what a server left out is asked for, so often at most.
_MAX_NAMES = 8


class DnsMissing(VizgateError):
    """The library that asks name servers is not installed."""


def check_installed() -> None:
    """Raises: DnsMissing."""
    from importlib.util import find_spec

    if find_spec("dns") is None:
        raise DnsMissing("discovery by DNS needs the package dnspython. Run: pip install 'vizgate[discovery]'")


class DnsResolver:
    """Asks *servers*, or those of the system; each in turn when one does not answer.

    Args: search: domains for names without a dot at their end; None: those of the system. timeout_s: for one question.
    """

    def __init__(self, servers: tuple[NameServer, ...], search: tuple[str, ...] | None, timeout_s: float) -> None:
        self._servers = servers
        self._search = search
        self._timeout_s = timeout_s
        self._resolver: dns.asyncresolver.Resolver | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether it can be asked."""
        return self._resolver is not None

    async def prepare(self) -> None:
        """Read the system's settings (``resolv.conf``) as they are now. Raises: DiscoveryFailed: there are none."""
        # In a thread: the import takes a tenth of a second, and the file may be on a slow disk.
        self._resolver = await asyncio.to_thread(self._make)

    def _make(self) -> dns.asyncresolver.Resolver:
        import dns.asyncresolver
        import dns.name
        import dns.nameserver

        with _told():
            resolver = dns.asyncresolver.Resolver(configure=not self._servers or self._search is None)
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in self._servers]
        if self._search is not None:
            resolver.search = [dns.name.from_text(domain) for domain in self._search]
        resolver.timeout = min(_ONE_SERVER_S, self._timeout_s / 2)
        resolver.lifetime = self._timeout_s
        resolver.use_edns(0, 0, _UDP_BYTES)
        return resolver

    async def addresses(self, name: str, family: Family) -> Addresses:
        """The addresses of *name*. Raises: DiscoveryFailed: nobody could tell."""
        found, ttl_s, _ = await self._ask(name, family)
        return Addresses(tuple(str(record.address) for record in found), ttl_s)

    async def services(self, name: str) -> SrvRecords:
        """The SRV records of *name*. Raises: DiscoveryFailed: nobody could tell."""
        found, ttl_s, response = await self._ask(name, "SRV")
        records = tuple(SrvRecord(r.priority, r.weight, r.port, _text(r.target)) for r in found)
        return SrvRecords(records, {} if response is None else _additional(response), ttl_s)

    async def _ask(self, name: str, kind: str) -> tuple[list[Any], float, dns.message.Message | None]:
        """Records, how long that is good for, and the message they came in."""
        import dns.resolver

        assert self._resolver is not None, "prepare() comes first"
        ttl_s = float("inf")
        asked: Any = name
        with _told():
            for _ in range(_MAX_NAMES):
                try:
                    answer = await self._resolver.resolve(asked, kind, raise_on_no_answer=False, search=asked is name)
                except dns.resolver.NXDOMAIN as exc:
                    # RFC 2308 5: how long that is good for stands in the SOA record of the zone.
                    responses: dict[Any, dns.message.QueryMessage] = exc.responses()  # type: ignore[no-untyped-call]  # the library's
                    return [], min([ttl_s, *map(_ttl_of, responses.values())]), None
                ttl_s = min(ttl_s, _ttl_of(answer.response))
                if answer.rrset is not None or answer.canonical_name == answer.qname:
                    return list(answer), ttl_s, answer.response
                asked = answer.canonical_name
        raise DiscoveryFailed(f"{name} leads from name to name without an end")

    def __repr__(self) -> str:
        return f"<DnsResolver [{len(self._servers) or 'system'} servers]>"


def _ttl_of(message: dns.message.QueryMessage) -> float:
    """How long what *message* says is good for; nothing at all for what is not there, when its zone does not say.

    RFC 2308 5: negative answers without an SOA record "SHOULD NOT be cached as there is no way to prevent the negative
    responses looping forever".
    """
    import dns.rdatatype

    found = message.resolve_chaining()
    # An alias that leads elsewhere says its own time.
    is_told = found.answer is not None or found.cnames or _has(message.authority, dns.rdatatype.SOA)
    return float(found.minimum_ttl) if is_told else 0.0


def _has(rrsets: Iterable[Any], kind: int) -> bool:
    return any(rrset.rdtype == kind for rrset in rrsets)


def _additional(message: dns.message.Message) -> dict[str, tuple[str, ...]]:
    """The addresses that came along."""
    import dns.rdatatype

    known: dict[str, tuple[str, ...]] = {}
    for rrset in message.additional:
        if rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            name = _text(rrset.name)
            known[name] = (*known.get(name, ()), *(str(record.address) for record in rrset))
    return known


def _text(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower().removesuffix(".")


@contextmanager
def _told() -> Iterator[None]:
    """Have everything that goes wrong told as ``DiscoveryFailed``."""
    import dns.exception
    import dns.resolver

    try:
        yield
    except dns.resolver.LifetimeTimeout:
        raise DiscoveryFailed("no name server has answered in time") from None
    except dns.resolver.NoNameservers:
        raise DiscoveryFailed("no name server has given a usable answer") from None
    except dns.exception.DNSException as exc:
        raise DiscoveryFailed(f"the DNS failed: {type(exc).__name__}") from None
    except OSError as exc:
        raise DiscoveryFailed(f"no name server can be reached: {exc.strerror or type(exc).__name__}") from None
