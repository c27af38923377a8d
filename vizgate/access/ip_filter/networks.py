"""Which of many networks an address is in.

In: ``NetworkRules``, the decision as a pure value. Not in: whose address counts (``message.forwarding``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from vizgate.extension.values.network import IPNetwork

_MAPPED = IPv6Network("::ffff:0:0/96")
_Range = tuple[int, int, bool]


def as_seen(network: IPNetwork) -> IPNetwork:
    """*network* as addresses are compared: IPv4 inside of IPv6 (``::ffff:10.0.0.0/104``) is IPv4."""
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED.prefixlen and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
    return network


class NetworkRules:
    """Lets addresses in or keeps them out: the longest prefix that an address is in decides, whatever the order.

    An address in none of the networks, and a text that is no address, is let in if *allow* is empty. A network in both
    is denied. IPv4 addresses are IPv4 addresses in IPv6 notation, too. A decision takes O(log n) steps.

        >>> from ipaddress import ip_network
        >>> rules = NetworkRules([ip_network("10.0.0.0/8")], [ip_network("10.1.0.0/16")])
        >>> rules.allows("10.2.3.4"), rules.allows("10.1.3.4"), rules.allows("192.0.2.1")
        (True, False, False)
    """

    __slots__ = ("_default", "_size", "_tables")

    def __init__(self, allow: Iterable[IPNetwork], deny: Iterable[IPNetwork] = ()) -> None:
        rules = {as_seen(network): True for network in allow}
        self._default = not rules
        rules |= {as_seen(network): False for network in deny}
        self._size = len(rules)
        self._tables = {version: _table(rules, version, default=self._default) for version in (4, 6)}

    def allows(self, address: str) -> bool:
        """Whether *address*, an IP address as text, is let in; a zone (``fe80::1%eth0``) is ignored."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return self._default
        if parsed.version == 6 and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        starts, verdicts = self._tables[parsed.version]
        return verdicts[bisect_right(starts, int(parsed)) - 1]

    def __repr__(self) -> str:
        return f"<NetworkRules [{self._size} networks, else {'allowed' if self._default else 'denied'}]>"


def _table(rules: dict[IPNetwork, bool], version: int, *, default: bool) -> tuple[list[int], list[bool]]:
    """Where ranges of addresses begin, ascending from 0, and the verdict on each range."""
    ranges = sorted(
        (int(network.network_address), int(network.broadcast_address), verdict)
        for network, verdict in rules.items()
        if network.version == version
    )
    # Outer networks before the inner ones that begin with them.
    ranges.sort(key=lambda one: (one[0], -one[1]))
    points: dict[int, bool] = {0: default}
    open_: list[_Range] = []
    for start, end, verdict in ranges:
        _close(open_, start, points, default=default)
        points[start] = verdict
        open_.append((start, end, verdict))
    _close(open_, None, points, default=default)
    return list(points), list(points.values())


def _close(open_: list[_Range], before: int | None, points: dict[int, bool], *, default: bool) -> None:
    """Leave the ranges of *open_* that end before *before* (None: all): behind each, what is around it decides."""
    while open_ and (before is None or open_[-1][1] < before):
        _, end, _ = open_.pop()
        points[end + 1] = open_[-1][2] if open_ else default
