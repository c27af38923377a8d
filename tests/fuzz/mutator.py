"""Grows odd messages from sound ones, the same for the same seed.

In: ``Mutator``. Not in: what is done with its inputs (``tests.fuzz.targets``).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

SPICE = [
    *[bytes([code]) for code in (*range(14), 32, 34, 35, 44, 58, 59, 64, 92, 127, 128, 133, 160, 178, 255)],
    b"\r\n", b"\n\n", b"\r\r\n", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b" :", b": ", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"Connection: host\r\n", b"chunked", b"0x5", b"+5", b"-1",
    b"0_5", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"0\r\n\r\n", b"5\r\nhello\r\n", b";a=b", b";a\n",
    b"99999999999999999999", b"http://a.example", b"*", b"%0d%0a", b"//", b"X_A: b\r\n",
    b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n", b"Connection: close\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"GET /y HTTP/1.1\r\nHost: b\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"0;x\r\n",
    b"00000000000000005", b"fffffffffffffff", b"\xc2\xa0", b"\x1b[2J", b"HEAD", b"Trailer: x\r\n",
]  # fmt: skip

#: What stands in values, and what ends them.
_LIKELY = b"0123456789abcdexyzAZ:;,= \t\r\n\x00\x7f\xff-_/"
_LONGEST = 3000
_MOST_GROWN = 2000


class Mutator:
    """Endless inputs grown from *seeds*, and from earlier inputs that turned out to be sound (``grow``)."""

    def __init__(self, seeds: list[bytes], seed: int) -> None:
        self._chance = random.Random(seed)
        self._seeds = seeds
        self._grown: list[bytes] = []

    def grow(self, sound: bytes) -> None:
        """Take *sound* among what later inputs are made from, so that faults can pile up."""
        if len(self._grown) < _MOST_GROWN:
            self._grown.append(sound)
        else:
            self._grown[self._below(_MOST_GROWN)] = sound

    def take(self, count: int) -> Iterator[bytes]:
        """The next *count* inputs."""
        for _ in range(count):
            raw = bytearray(self._parent())
            for _ in range(1 + self._below(4)):
                self._mutate(raw)
            yield bytes(raw[:_LONGEST])

    def vary(self, raw: bytes) -> bytes:
        """*raw* with a few bytes that are not what they were: what a client sends that repeats itself, almost."""
        near = bytearray(raw)
        for _ in range(1 + self._below(3)):
            at = self._below(len(near))
            kind = self._below(4)
            if kind == 0:
                near[at] ^= 1 << self._below(8)
            elif kind == 1:
                near[at] = _LIKELY[self._below(len(_LIKELY))]
            elif kind == 2:
                near.insert(at, _LIKELY[self._below(len(_LIKELY))])
            else:
                del near[at]
        return bytes(near)

    def _below(self, bound: int) -> int:
        return int(self._chance.random() * bound)

    def _parent(self) -> bytes:
        pool = self._grown if self._grown and self._below(3) == 0 else self._seeds
        return pool[self._below(len(pool))]

    def _mutate(self, raw: bytearray) -> None:
        at = self._below(len(raw) + 1)
        kind = self._below(8)
        if kind == 0:
            raw[at:at] = SPICE[self._below(len(SPICE))]
        elif kind == 1:
            del raw[at : at + 1 + self._below(4)]
        elif kind == 2:
            raw[at : at + 1] = SPICE[self._below(len(SPICE))]
        elif kind == 3:
            raw[at:at] = raw[at : at + 1 + self._below(30)]
        elif kind == 4:
            other = self._parent()
            raw[at:] = other[self._below(len(other) + 1) :]
        elif kind == 5 and at < len(raw):
            raw[at] ^= 1 << self._below(8)
        elif kind == 6:
            self._move_line(raw)
        else:
            raw[at:at] = bytes([self._below(256)])

    def _move_line(self, raw: bytearray) -> None:
        """Put one line elsewhere, or there too."""
        lines = bytes(raw).split(b"\r\n")
        line = lines[self._below(len(lines))]
        if self._below(2):
            lines.remove(line)
        lines.insert(self._below(len(lines) + 1), line)
        raw[:] = b"\r\n".join(lines)
