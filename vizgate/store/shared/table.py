"""One step of a program on a key of a shared table.

In: ``Table``: finding a key, changing it so that a process which dies half-way leaves a whole table, and who leaves a
full bucket. Not in: keeping others out meanwhile (``store.shared.locks``).

A record is never changed where it is: the new one is written to the spare place of the bucket, then one byte of the
index makes it the record of its slot. That byte is the whole commit. A process that dies before leaves the old record;
one that dies right after leaves a spare place that is not spare, which the next one notices and mends.
"""

from __future__ import annotations

from mmap import mmap

from vizgate.extension.store import MAX_CELLS, NO_CELLS, Cells, Program, is_lasting
from vizgate.observe.metrics import Counter
from vizgate.store.shared.layout import (
    BUCKET_BYTES,
    DIGEST_BYTES,
    DIGESTS_BYTES,
    EMPTY_BUCKET,
    INDEX_AT,
    PLACE_BYTES,
    PLACES,
    PLACES_AT,
    RECORD,
    SLOTS,
    TAG_BYTES,
    TIMES,
)

_FREE = bytes(DIGEST_BYTES)
_ALL_PLACES = frozenset(range(PLACES))
_PADDING = tuple((0.0,) * (MAX_CELLS - count) for count in range(MAX_CELLS + 1))


class Table:
    """A table in *data*. Args: evictions: counts the keys that leave before they have expired."""

    __slots__ = ("_data", "evictions")

    def __init__(self, data: mmap | bytearray, evictions: Counter) -> None:
        self._data = data
        self.evictions = evictions

    def step(self, start: int, digest: bytes, program: Program, now_s: float, arguments: Cells) -> Cells:
        """Run *program* on the key of *digest* in the bucket at *start*; the caller keeps all others out of it."""
        slot = self._find(start, digest)
        seen = NO_CELLS if slot < 0 else self._read(start, slot, digest, now_s)
        cells, ttl_s, result = program.run(seen, now_s, arguments)
        if cells and ttl_s > 0.0:
            if len(cells) > MAX_CELLS:
                raise ValueError(f"the program {program.name} keeps {len(cells)} cells; a store has {MAX_CELLS}")
            # Who is full looks for the oldest use: a key that lasts is as if used at its very end.
            used_s = now_s + ttl_s if is_lasting(program) else now_s
            record = RECORD.pack(now_s + ttl_s, used_s, *cells, *_PADDING[len(cells)], len(cells), digest[-TAG_BYTES:])
            if slot < 0:
                self._insert(start, digest, record, now_s)
            else:
                self._write(start, slot, record)
        elif slot >= 0:
            self._name(start, slot, _FREE)
        return result

    def _find(self, start: int, digest: bytes) -> int:
        """The slot of *digest*; -1 when it has none."""
        at = self._data.find(digest, start, start + DIGESTS_BYTES)
        while at >= 0 and (at - start) % DIGEST_BYTES:
            at = self._data.find(digest, at + 1, start + DIGESTS_BYTES)
        return (at - start) // DIGEST_BYTES if at >= 0 else -1

    def _read(self, start: int, slot: int, digest: bytes, now_s: float) -> Cells:
        place = self._data[start + INDEX_AT + slot]
        if place >= PLACES:
            return NO_CELLS
        record = RECORD.unpack_from(self._data, start + PLACES_AT + place * PLACE_BYTES)
        # The tag differs where a power failure kept a digest and lost its record.
        if record[0] <= now_s or record[7] != digest[-TAG_BYTES:] or record[6] > MAX_CELLS:
            return NO_CELLS
        return record[2 : 2 + record[6]]

    def _insert(self, start: int, digest: bytes, record: bytes, now_s: float) -> None:
        slot = self._find(start, _FREE)
        if slot < 0:
            slot = self._leaving(start, now_s)
            self._name(start, slot, _FREE)
        self._write(start, slot, record)
        # Last: nobody finds the key before its record is there. Half a digest is that of no key.
        self._name(start, slot, digest)

    def _leaving(self, start: int, now_s: float) -> int:
        """The slot whose key leaves: one that has expired, else the one that was not used for longest."""
        index = self._data[start + INDEX_AT : start + INDEX_AT + SLOTS]
        times = TIMES.unpack_from(self._data, start + PLACES_AT)
        oldest, oldest_s = 0, float("inf")
        for slot, place in enumerate(index):
            if place >= PLACES or times[2 * place] <= now_s:
                return slot
            if times[2 * place + 1] < oldest_s:
                oldest, oldest_s = slot, times[2 * place + 1]
        self.evictions.value += 1
        return oldest

    def _write(self, start: int, slot: int, record: bytes) -> None:
        data, at = self._data, start + INDEX_AT
        index = data[at : at + PLACES]
        spare = index[SLOTS]
        if index.count(spare) != 1 or spare >= PLACES:
            spare = self._mend(start, index)
        place = start + PLACES_AT + spare * PLACE_BYTES
        data[place : place + len(record)] = record
        before = index[slot]
        data[at + slot] = spare
        data[at + SLOTS] = before

    def _mend(self, start: int, index: bytes | bytearray) -> int:
        """The place that is spare in truth; a bucket that makes no sense is emptied."""
        spare = _ALL_PLACES - frozenset(index[:SLOTS])
        if len(spare) == 1:
            return next(iter(spare))
        self._data[start : start + BUCKET_BYTES] = EMPTY_BUCKET
        return SLOTS

    def _name(self, start: int, slot: int, digest: bytes) -> None:
        at = start + slot * DIGEST_BYTES
        self._data[at : at + DIGEST_BYTES] = digest
