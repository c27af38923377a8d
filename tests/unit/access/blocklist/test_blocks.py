"""The rules of ``BlockedClients``: who is kept out, and until when."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.access.blocklist.blocks import BlockedClients, BlockEntry, TooManyBlocks


def blocked(*networks: str, until_s: float = 10.0, most: int = 100) -> BlockedClients:
    blocks = BlockedClients(most)
    for network in networks:
        blocks.block(BlockEntry(ip_network(network), until_s), 0.0)
    return blocks


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "2001:db8::1%eth0", "192.0.2.7"])
def test_address_in_a_network_is_kept_out(address: str) -> None:
    """In whatever notation it comes; an address is a network of one."""
    assert blocked("10.0.0.0/8", "2001:db8::/32", "192.0.2.7").find(address, 1.0) is not None


@pytest.mark.parametrize("address", ["11.1.2.3", "2001:db9::1", "192.0.2.8", "", "unknown", "10.0.0.0/8"])
def test_other_address_is_let_in(address: str) -> None:
    """So is a peer on a Unix socket, which has none."""
    assert blocked("10.0.0.0/8", "2001:db8::/32", "192.0.2.7").find(address, 1.0) is None


def test_ipv4_in_ipv6_notation_is_ipv4() -> None:
    """A block may be written as a dual-stack listener shows the peer."""
    assert blocked("::ffff:10.0.0.0/104").find("10.9.9.9", 1.0) is not None


def test_block_ends_by_itself() -> None:
    """From its time on the address is let in, and nobody need ask any more."""
    blocks = blocked("10.0.0.1", until_s=10.0)
    assert blocks.find("10.0.0.1", 9.9) is not None
    assert blocks.is_active
    assert blocks.find("10.0.0.1", 10.0) is None
    assert (0, False) == (len(blocks), blocks.is_active)


def test_last_word_about_a_network_holds() -> None:
    """A longer or a shorter time; the end of the one before means nothing any more."""
    blocks = blocked("10.0.0.1", until_s=10.0)
    blocks.block(BlockEntry(ip_network("10.0.0.1"), 20.0, "again"), 5.0)
    entry = blocks.find("10.0.0.1", 15.0)
    assert entry is not None
    assert "again" == entry.reason
    blocks.block(BlockEntry(ip_network("10.0.0.1"), 16.0), 15.0)
    assert [] == blocks.entries(17.0)


def test_lifting_a_block_lifts_that_one_alone() -> None:
    """A wider network still holds."""
    blocks = blocked("10.0.0.0/8", "10.0.0.1")
    assert [True, False] == [blocks.unblock(ip_network("10.0.0.1")) for _ in range(2)]
    assert blocks.find("10.0.0.1", 1.0) is not None
    assert blocks.unblock(ip_network("10.0.0.0/8"))
    assert (None, False) == (blocks.find("10.0.0.1", 1.0), blocks.is_active)


def test_number_of_blocks_is_bounded() -> None:
    """What has ended makes room; a word about a known network needs none."""
    blocks = blocked("10.0.0.1", "10.0.0.2", most=2)
    with pytest.raises(TooManyBlocks):
        blocks.block(BlockEntry(ip_network("10.0.0.3"), 30.0), 1.0)
    blocks.block(BlockEntry(ip_network("10.0.0.1"), 30.0), 1.0)
    blocks.block(BlockEntry(ip_network("10.0.0.3"), 30.0), 11.0)
    assert 2 == len(blocks)


def test_repeating_oneself_takes_no_memory() -> None:
    """What is kept is bounded by the networks, not by how often they were named."""
    blocks = BlockedClients()
    for number in range(1000):
        blocks.block(BlockEntry(ip_network("10.0.0.1"), 1000.0 + number), 0.0)
    assert len(blocks._ends) <= 18


networks = st.builds(
    lambda number, length: ip_network((number >> (32 - length) << (32 - length), length)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(st.tuples(networks, st.integers(1, 10)), max_size=12), st.integers(0, 2**32 - 1), st.integers(0, 11))
def test_find_agrees_with_looking_at_every_network(said: list[tuple[object, int]], number: int, now_s: int) -> None:
    """The last word about each network holds, as long as its time has not come."""
    blocks, last = BlockedClients(), {}
    for network, until_s in said:
        blocks.block(BlockEntry(network, until_s), 0.0)  # type: ignore[arg-type]
        last[network] = until_s
    address = ip_address(number)
    expected = any(address in network and now_s < until_s for network, until_s in last.items())  # type: ignore[operator]
    assert expected == (blocks.find(str(address), now_s) is not None)
    assert sum(now_s < until_s for until_s in last.values()) == len(blocks.entries(now_s))
