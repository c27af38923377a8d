"""What DNS records mean as targets.

In: plain values of records, and the rules of RFC 2782. Not in: asking for records (``discovery.dns.resolver``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vizgate.extension.kinds.discovery import DiscoveredTarget, Scheme


class Addresses(NamedTuple):
    """Addresses of a name; none when it has none. ``ttl_s``: how long that is good for, also when there are none."""

    addresses: tuple[str, ...]
    ttl_s: float


class SrvRecord(NamedTuple):
    """RFC 2782. ``name``: the host, without a dot at its end."""

    priority: int
    weight: int
    port: int
    name: str


class SrvRecords(NamedTuple):
    """Records of a name, and the addresses of hosts that came along with them."""

    records: tuple[SrvRecord, ...]
    known: Mapping[str, tuple[str, ...]]
    ttl_s: float


class Naming(NamedTuple):
    """How targets of a name are spoken to. ``name``: what certificates must be for."""

    scheme: Scheme
    name: str

    @classmethod
    def of(cls, scheme: Scheme, queried: str) -> Naming:
        """Of targets that *queried* leads to.

        The name that an operator has written is what a certificate must be for, never one that an answer brought:
        whoever can forge answers has a certificate of his own for that (RFC 6125 1.8, 6.2.1).
        """
        labels = queried.removesuffix(".").split(".")
        while len(labels) > 1 and labels[0].startswith("_"):
            del labels[0]
        return cls(scheme, ".".join(labels))


def address_targets(addresses: Iterable[str], port: int, naming: Naming) -> tuple[DiscoveredTarget, ...]:
    """A target for each address."""
    return tuple(_target(address, port, naming) for address in addresses)


def srv_targets(
    records: Iterable[SrvRecord], addresses: Mapping[str, tuple[str, ...]], naming: Naming
) -> tuple[DiscoveredTarget, ...]:
    """A target for each address of each record's host; its weight is that of the record.

    RFC 2782: "A Target of '.' means that the service is decidedly not available at this domain."
    """
    return tuple(
        _target(address, record.port, naming, record.weight, record.priority)
        for record in records
        if record.name
        for address in addresses.get(record.name, ())
    )


def _target(address: str, port: int, naming: Naming, weight: int = 1, priority: int = 0) -> DiscoveredTarget:
    # RFC 2782: records with weight 0 "should have a very small chance of being selected"; ours begin at 1.
    server_name = naming.name if naming.scheme == "https" else ""
    return DiscoveredTarget(address, port, naming.scheme, max(1, weight), priority, server_name=server_name)
