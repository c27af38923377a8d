"""What the gateway tells an upstream about the way a request took, and whose word it takes for it.

In: ``X-Forwarded-*``, ``Forwarded``, ``Via``, ``Max-Forwards``, and the client's address, by trust of the peer. Not in:
hop-by-hop fields (``wire.fields`` has dropped them already).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from vizgate.message.headers import Field, Headers

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What a client may claim about the way it took; believed only from trusted peers (RFC 7239 8).
ASSERTED = frozenset(
    {
        b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port",
        b"x-forwarded-prefix", b"x-forwarded-server", b"x-forwarded-scheme", b"x-forwarded-ssl", b"x-forwarded-by",
        b"x-forwarded-uri", b"x-forwarded-method", b"x-forwarded-path", b"x-original-url", b"x-rewrite-url",
        b"x-original-host", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip", b"front-end-https",
        b"x-url-scheme", b"x-scheme", b"via", b"x-original-forwarded-for", b"cf-connecting-ip", b"cf-connecting-ipv6",
        b"fastly-client-ip", b"x-proxyuser-ip", b"x-remote-ip", b"x-remote-addr",
    }
)  # fmt: skip
#: Whatever else is called so is an assertion, too: frameworks go on inventing them.
ASSERTED_PREFIX = b"x-forwarded-"

_REPLACED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})
_VIA = (b"1.0 vizgate", b"1.1 vizgate")
_MAX_ADDRESS_CHARS = 64
_MAX_HOPS_DIGITS = 18
_SCHEMES = {b"http": "http", b"https": "https"}


class Provenance(NamedTuple):
    """Where a request came from.

    ``client``: address by the trust rules; ``scheme``: what the client spoke; ``fields``: what the upstream is told.
    """

    client: str
    scheme: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class TrustRules:
    """Which peers are believed, ``server.trusted_proxies``; nobody by default. ``unix``: those on Unix sockets."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    @classmethod
    def of(cls, peers: Iterable[Network | Literal["unix"]]) -> TrustRules:
        """The rules of a list of networks, ``unix`` among them for peers on Unix sockets."""
        listed = tuple(peers)
        return cls(tuple(peer for peer in listed if not isinstance(peer, str)), "unix" in listed)

    def trusts(self, address: str) -> bool:
        """Whether *address* is an IP address in one of the networks, or "" where peers on Unix sockets are believed."""
        if not address:
            return self.unix
        if not self.networks:
            return False
        parsed = _parse_address(address)
        return parsed is not None and any(parsed in network for network in self.networks)


class PeerForwarding:
    """The forwarding rules for one connection, so that what depends on the peer alone is computed once.

    Args: peer: IP address of the peer, "" on a Unix socket. scheme: what the peer speaks to us.
    """

    __slots__ = ("_constant", "_rules", "is_trusted", "peer", "scheme")

    def __init__(self, rules: TrustRules, peer: str, scheme: str) -> None:
        self._rules = rules
        self.scheme = scheme
        self.peer = peer
        self.is_trusted = rules.trusts(peer)
        self._constant: list[Field] = [(b"X-Forwarded-Proto", scheme.encode("latin-1"))]
        if peer:
            self._constant.insert(0, (b"X-Forwarded-For", peer.encode("latin-1")))

    def provenance(self, asserted: tuple[Field, ...], authority: bytes, minor: int) -> Provenance:
        """Where a request came from that asserts *asserted* and asks for *authority* over HTTP/1.*minor*."""
        if asserted and self.is_trusted:
            return self._merged(asserted, authority, minor)
        # RFC 7239 8: what an untrusted peer claims is replaced, every line and spelling of it.
        fields = [item for item in asserted if item[0].lower() == b"via"] if asserted else []
        fields += self._constant
        if authority:  # HTTP/1.0 need not say whom it asks
            fields.append((b"X-Forwarded-Host", authority))
        fields.append((b"Via", _VIA[minor]))
        return Provenance(self.peer, self.scheme, fields)

    def _merged(self, asserted: tuple[Field, ...], authority: bytes, minor: int) -> Provenance:
        chain = _values(asserted, b"x-forwarded-for")
        peer = self.peer.encode("latin-1")
        fields = [item for item in asserted if _is_kept_if_trusted(item[0].lower())]
        hops = [*chain, peer] if peer else chain  # a peer on a Unix socket has no address to add
        if hops:
            fields.append((b"X-Forwarded-For", b", ".join(hops)))
        proto = _values(asserted, b"x-forwarded-proto")
        scheme = _SCHEMES.get(proto[-1].lower(), self.scheme) if proto else self.scheme
        fields.append((b"X-Forwarded-Proto", scheme.encode("latin-1")))
        host = b", ".join(_values(asserted, b"x-forwarded-host")) or authority
        if host:
            fields.append((b"X-Forwarded-Host", host))
        forwarded = _values(asserted, b"forwarded")
        if forwarded:
            fields.append((b"Forwarded", b", ".join([*forwarded, _forwarded_element(self.peer)])))
        fields.append((b"Via", _VIA[minor]))
        return Provenance(self._client(chain), scheme, fields)

    def _client(self, chain: list[bytes]) -> str:
        """The rightmost hop that is not trusted: everything left of it is hearsay."""
        client = self.peer
        for hop in reversed(chain):
            address = _hop_address(hop.decode("latin-1"))
            if address is None:
                return client
            client = address
            if not self._rules.trusts(address):
                return client
        return client


def _is_kept_if_trusted(lower_name: bytes) -> bool:
    """Whether what a trusted peer asserts under *lower_name* travels on as it came."""
    return lower_name not in _REPLACED and (lower_name in ASSERTED or lower_name.startswith(ASSERTED_PREFIX))


def spend_hop(headers: Headers) -> bool:
    """Count this hop in ``Max-Forwards``; False when a request that carries *headers* may go no further.

    Source: RFC 9110 7.6.2: "Each intermediary that receives a TRACE or OPTIONS request containing a Max-Forwards header
    field MUST check and update its value prior to forwarding the request." A value that is no number says nothing.
    """
    value = headers.get_bytes(b"max-forwards")
    if value is None or not value.isdigit() or len(value) > _MAX_HOPS_DIGITS:
        return True
    hops = int(value)
    if hops == 0:
        return False
    headers["Max-Forwards"] = str(hops - 1)
    return True


def _values(fields: tuple[Field, ...], lower_name: bytes) -> list[bytes]:
    """The non-empty list elements of every line of *lower_name*, in order."""
    lines = [value for name, value in fields if name.lower() == lower_name]
    return [item.strip(b" \t") for line in lines for item in line.split(b",") if item.strip(b" \t")]


def _forwarded_element(peer: str) -> bytes:
    return f'for="[{peer}]"'.encode() if ":" in peer else f"for={peer or 'unknown'}".encode()


def _hop_address(hop: str) -> str | None:
    """The address in one element of X-Forwarded-For, with or without port and brackets; None when it is none."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    # What is longer than any address is none, and must not fill the cache.
    parsed = _parse_address(hop) if len(hop) <= _MAX_ADDRESS_CHARS else None
    return None if parsed is None else str(parsed)


@lru_cache(maxsize=1024)
def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # ::ffff:10.0.0.1 is how a dual-stack listener shows an IPv4 peer; rules are written for IPv4.
    mapped = address.ipv4_mapped if address.version == 6 else None
    return address if mapped is None else mapped
