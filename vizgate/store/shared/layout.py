"""Where what stands in a shared table.

In: the header, the size of a table, the parts of a bucket. Not in: working on buckets (``store.shared.table``).

A table is a header and buckets of ``SLOTS`` keys. A bucket begins with the digests of its keys, each of 16 bytes
(zeros: free); then its index, one byte for each slot that says in which place the slot's record is, and one that says
which place is spare, because there is a place more than there are slots; then the places. Numbers are little-endian.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final, Self

from vizgate.extension.store import StoreFailed

SLOTS: Final = 16
DIGEST_BYTES: Final = 16
DIGESTS_BYTES: Final = SLOTS * DIGEST_BYTES
PLACES: Final = SLOTS + 1
#: Of the index within a bucket, and of the places.
INDEX_AT: Final = DIGESTS_BYTES
PLACES_AT: Final = 320
PLACE_BYTES: Final = 64
BUCKET_BYTES: Final = PLACES_AT + PLACES * PLACE_BYTES

#: Time of expiry, time of last use, cells, how many cells, and the end of the digest. No record crosses a disk sector.
RECORD: Final = Struct("<dd4dB7s")
TAG_BYTES: Final = 7
#: The two times of every place of a bucket.
TIMES: Final = Struct("<" + "dd48x" * PLACES)

HEADER_BYTES: Final = 4096
#: Buckets share locks; in the header, a byte for each lock says whether somebody waits for it.
STRIPES: Final = 256
WANTED_AT: Final = 1024
SEED_BYTES: Final = 16
_HEADER = Struct("<16sQ16s")
_MAGIC = b"vizgate table 1\n"

EMPTY_BUCKET: Final = (bytes(DIGESTS_BYTES) + bytes(range(PLACES))).ljust(BUCKET_BYTES, b"\0")

# With two thirds of the slots taken, one key in a hundred meets a full bucket.
_SLOTS_PER_KEY = 1.5


@dataclass(frozen=True, slots=True)
class Header:
    """``buckets``: how many. ``seed``: makes it impossible to choose keys that share a bucket with a given one."""

    buckets: int
    seed: bytes

    @classmethod
    def for_keys(cls, keys: int, seed: bytes) -> Self:
        """A table with room for *keys* keys."""
        return cls(buckets_for(keys), seed)

    @classmethod
    def parse(cls, data: bytes, file_bytes: int) -> Self:
        """The header at the beginning of a file. Raises: StoreFailed: it is of something else."""
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise StoreFailed("is no table of counters of this version. Name another file, or remove it")
        _, buckets, seed = _HEADER.unpack_from(data)
        header = cls(buckets, seed)
        if header.file_bytes != file_bytes:
            raise StoreFailed("is a damaged table of counters. Remove it")
        return header

    @property
    def file_bytes(self) -> int:
        """The size of the whole table."""
        return HEADER_BYTES + self.buckets * BUCKET_BYTES

    def encode(self) -> bytes:
        """What ``parse`` reads."""
        return _HEADER.pack(_MAGIC, self.buckets, self.seed).ljust(HEADER_BYTES, b"\0")


def bucket_start(bucket: int) -> int:
    """Where the bucket of this number begins."""
    return HEADER_BYTES + bucket * BUCKET_BYTES


def buckets_for(keys: int) -> int:
    """How many buckets have room for *keys* keys."""
    return max(1, -int(-keys * _SLOTS_PER_KEY // SLOTS))
