"""Which of many networks an address is in."""

from __future__ import annotations

import doctest
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.access.ip_filter import networks as module
from vizgate.access.ip_filter.networks import NetworkRules, as_seen
from vizgate.extension.values.network import IPNetwork


def rules(allow: list[str], deny: list[str]) -> NetworkRules:
    return NetworkRules(map(ip_network, allow), map(ip_network, deny))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.0", True),
        ("10.255.255.255", True),
        ("9.255.255.255", False),
        ("11.0.0.0", False),
        ("10.1.0.0", False),
        ("10.1.255.255", False),
        ("10.2.0.0", True),
        ("10.1.2.3", True),
        ("10.1.2.4", False),
        ("::ffff:10.0.0.1", True),
        ("::ffff:10.1.0.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("2001:db8::1%eth0", True),
        ("", False),
        ("unix", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("::", False),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False),
    ],
)
def test_longest_prefix_decides(address: str, expected: bool) -> None:
    """The narrower network wins, in both directions; with an allow list, everything else is kept out."""
    found = rules(["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"], ["10.1.0.0/16"]).allows(address)
    assert expected == found


@pytest.mark.parametrize(
    ("address", "expected"), [("192.0.2.9", False), ("192.0.3.1", True), ("::1", True), ("", True), ("nonsense", True)]
)
def test_deny_alone_keeps_out_what_it_lists(address: str, expected: bool) -> None:
    """Without an allow list everything else is let in, also what has no address (a Unix socket)."""
    assert expected == rules([], ["192.0.2.0/24"]).allows(address)


@pytest.mark.parametrize("everything", [["0.0.0.0/0"], ["::/0"], ["0.0.0.0/0", "::/0"]])
def test_whole_space_is_a_network(everything: list[str]) -> None:
    """``0.0.0.0/0`` is all of IPv4 and nothing of IPv6, and the other way round."""
    found = rules(everything, [])
    assert ("0.0.0.0/0" in everything) == found.allows("192.0.2.1") == found.allows("::ffff:192.0.2.1")
    assert ("::/0" in everything) == found.allows("2001:db8::1")


def test_network_inside_of_mapped_addresses_is_ipv4() -> None:
    """However an IPv4 network is written, it takes both notations of its addresses."""
    assert IPv4Network("10.0.0.0/8") == as_seen(IPv6Network("::ffff:10.0.0.0/104"))
    found = rules(["::ffff:10.0.0.0/104"], [])
    assert found.allows("10.1.2.3")
    assert found.allows("::ffff:10.1.2.3")


def by_search(allow: list[IPNetwork], deny: list[IPNetwork], address: str) -> bool:
    """What the rules say, found the slow way."""
    asked = ip_address(address)
    if isinstance(asked, IPv6Address) and asked.ipv4_mapped:
        asked = asked.ipv4_mapped
    verdicts = [(net.prefixlen, False, net) for net in deny] + [(net.prefixlen, True, net) for net in allow]
    # Of equal prefixes the denied one counts.
    hits = [(size, not verdict) for size, verdict, net in verdicts if net.version == asked.version and asked in net]
    return not max(hits)[1] if hits else not allow


V4 = st.builds(lambda number, size: ip_network((number >> (32 - size) << (32 - size), size)),
               st.integers(0, 2**32 - 1), st.integers(0, 32))  # fmt: skip
NEAR = st.builds(lambda number, size: ip_network((0x0A000000 + (number >> (32 - size) << (32 - size)), size)),
                 st.integers(0, 255), st.integers(24, 32))  # fmt: skip
V6 = st.builds(lambda number, size: ip_network((number >> (128 - size) << (128 - size), size)),
               st.integers(0, 2**96 - 1), st.integers(0, 95))  # fmt: skip
NETWORKS = st.lists(V4 | NEAR | V6, max_size=12)


@given(NETWORKS, NETWORKS, st.data())
def test_any_rules_say_what_a_search_through_all_of_them_says(
    allow: list[IPNetwork], deny: list[IPNetwork], data: st.DataObject
) -> None:
    """For the ends of every network, their neighbours and addresses anywhere."""
    found = NetworkRules(allow, deny)
    addresses = data.draw(st.lists(st.ip_addresses(), max_size=5))
    for network in (*allow, *deny):
        kind = type(network.network_address)
        ends = (int(network.network_address), int(network.broadcast_address))
        addresses += [kind(at) for end in ends for at in (end - 1, end, end + 1) if 0 <= at < 2**network.max_prefixlen]
    for address in addresses:
        assert by_search(allow, deny, str(address)) == found.allows(str(address)), address


def test_thousands_of_networks_are_asked_in_few_steps() -> None:
    """The table holds no more than two points a network, and agrees with a search."""
    random = Random(1)
    deny = [ip_network((random.getrandbits(24) << 8, 24)) for _ in range(5000)]
    found = NetworkRules([], deny)
    starts, _ = found._tables[4]
    assert len(starts) <= 2 * 5000 + 1
    assert sorted(starts) == starts
    for _ in range(50):
        address = str(ip_address(random.getrandbits(32)))
        assert by_search([], deny, address) == found.allows(address)
    assert not any(found.allows(str(network[7])) for network in deny[:50])


def test_docstring_example_is_true() -> None:
    """What the class shows is what it does."""
    assert 0 == doctest.testmod(module).failed
