"""Which addresses are kept out, and until when.

In: ``BlockedClients``, pure: time is an argument. Not in: whose address counts (``message.forwarding``) and networks
that a configuration keeps out (``access.ip_filter``).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from vizgate.access.ip_filter.networks import as_seen
from vizgate.extension.values.network import IPNetwork

#: The most networks that can be kept out at a time.
MAX_BLOCKS = 10_000

_BITS = {4: 32, 6: 128}
# IP version, length of the prefix, and the bits in it.
_Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """A *network* that is kept out until *until_s*, and why."""

    network: IPNetwork
    until_s: float
    reason: str = ""


class TooManyBlocks(Exception):
    """There is no room for another block."""


class BlockedClients:
    """Networks that are kept out, each until its time; a look-up takes a step for each length of prefix in use.

    Seconds are those of any clock that never goes back. ``is_active``: whether anything is kept out, or was until a
    moment ago; as long as it is False nobody need ask.
    """

    __slots__ = ("_ends", "_entries", "_lengths", "_most", "is_active")

    def __init__(self, most: int = MAX_BLOCKS) -> None:
        self._most = most
        self._entries: dict[_Key, BlockEntry] = {}
        #: How many entries there are of each IP version and length.
        self._lengths: dict[tuple[int, int], int] = {}
        #: When entries end, soonest first; some have been replaced or lifted since.
        self._ends: list[tuple[float, _Key]] = []
        self.is_active = False

    def block(self, entry: BlockEntry, now_s: float) -> None:
        """Keep ``entry.network`` out; what was said about it before is replaced. Raises: TooManyBlocks."""
        self._forget_ended(now_s)
        key = _key_of(entry.network)
        if key not in self._entries:
            if len(self._entries) >= self._most:
                raise TooManyBlocks
            self._lengths[key[:2]] = self._lengths.get(key[:2], 0) + 1
        self._entries[key] = entry
        heapq.heappush(self._ends, (entry.until_s, key))
        if len(self._ends) > 2 * len(self._entries) + 16:
            self._ends = sorted((known.until_s, known_key) for known_key, known in self._entries.items())
        self.is_active = True

    def unblock(self, network: IPNetwork) -> bool:
        """Let *network* in again; whether it was kept out. Wider and narrower networks are others."""
        return self._forget(_key_of(network))

    def find(self, address: str, now_s: float) -> BlockEntry | None:
        """What keeps *address*, an IP address as text, out at *now_s*; None when nothing does."""
        self._forget_ended(now_s)
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return None
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        version, number = parsed.version, int(parsed)
        for of_version, length in self._lengths:
            if of_version == version:
                entry = self._entries.get((version, length, number >> (_BITS[version] - length)))
                if entry is not None:
                    return entry
        return None

    def get(self, network: IPNetwork, now_s: float) -> BlockEntry | None:
        """What was said about this very *network*."""
        self._forget_ended(now_s)
        return self._entries.get(_key_of(network))

    def entries(self, now_s: float) -> list[BlockEntry]:
        """Everything that is kept out, the oldest first."""
        self._forget_ended(now_s)
        return list(self._entries.values())

    def _forget_ended(self, now_s: float) -> None:
        while self._ends and self._ends[0][0] <= now_s:
            until_s, key = heapq.heappop(self._ends)
            entry = self._entries.get(key)
            if entry is not None and entry.until_s == until_s:
                self._forget(key)

    def _forget(self, key: _Key) -> bool:
        if self._entries.pop(key, None) is None:
            return False
        self._lengths[key[:2]] -= 1
        if not self._lengths[key[:2]]:
            del self._lengths[key[:2]]
        self.is_active = bool(self._entries)
        return True

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<BlockedClients [{len(self)} networks]>"


def _key_of(network: IPNetwork) -> _Key:
    seen = as_seen(network)
    length = seen.prefixlen
    return seen.version, length, int(seen.network_address) >> (_BITS[seen.version] - length)
