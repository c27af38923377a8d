"""IP networks in settings.

In: ``NetworkField``, ``PeerField`` and reading one. Not in: asking whether an address is in one of many
(``access.ip_filter``).
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_SHOWN = 60


def parse_network(text: str) -> IPNetwork:
    """The network ``10.0.0.0/8``; an address alone is a network of one. Raises: ValueError: anything else."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    shown = repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{shown} is not a network. Write for example 10.0.0.0/8 or fd00::/8") from None
    raise ValueError(f"{shown} has bits set behind the prefix. Did you mean '{network}'?")


def parse_ip(text: str) -> str:
    """*text*, which is an IP address, in its shortest form. Raises: ValueError: anything else."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        shown = repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")
        raise ValueError(f"{shown} is not an IP address. Write for example 192.0.2.7 or 2001:db8::7") from None


def _network(value: Any) -> IPNetwork:
    if isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return value
    if isinstance(value, str):
        return parse_network(value)
    raise ValueError("must be a network such as 10.0.0.0/8")


_SCHEMA = {
    "x-type": "network",
    "type": "string",
    "pattern": r"^[0-9a-fA-F:.]+(/[0-9]{1,3})?$|\$\{",
    "examples": ["10.0.0.0/8"],
}

#: An IP network, written as a CIDR or one address.
NetworkField = Annotated[
    IPNetwork, PlainValidator(_network), PlainSerializer(str, return_type=str), WithJsonSchema(_SCHEMA)
]


def _peer(value: Any) -> IPNetwork | Literal["unix"]:
    if value == UNIX:
        return UNIX
    return _network(value)


#: Peers on Unix sockets, which have no address.
UNIX: Literal["unix"] = "unix"

#: A network of peers, or ``unix``.
PeerField = Annotated[
    IPNetwork | Literal["unix"],
    PlainValidator(_peer),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_SCHEMA | {"x-type": "network or unix", "pattern": rf"^unix$|{_SCHEMA['pattern']}"}),
]
