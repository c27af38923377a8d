"""The matrix: which requests, over how many connections.

In: ``Scenario`` and the lists it is built from. Not in: how it is driven (``wrk``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SIZES = {"100b": "100 B", "10k": "10 KiB", "1m": "1 MiB"}
BODY_BYTES = {"100b": 100, "10k": 10 * 1024, "1m": 1024 * 1024}
CONNECTIONS = (64, 1000)
#: What requests carry besides Host. ``varied``: as ``browser``, but no two heads in a row are the same in either
#: direction, for a gateway may remember a head it has just read.
HEADER_SETS = {"none": "no headers", "browser": "ten browser headers", "varied": "ten headers that vary"}


#: What a desktop browser sends besides Host and Connection.
BROWSER_HEADERS = (
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    ("Accept-Language", "en-GB,en;q=0.9,de;q=0.7"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Cache-Control", "max-age=0"),
    ("Referer", "http://shop.example/catalogue/shoes?page=2&sort=price"),
    ("Cookie", "session=0f8fad5bd9cb469fa16570867728950e; consent=all; theme=dark"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Upgrade-Insecure-Requests", "1"),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One cell of the matrix; ``size`` is a key of ``SIZES``, ``headers`` one of ``HEADER_SETS``."""

    size: str
    headers: str
    connections: int

    @property
    def path(self) -> str:
        """What is asked for: the upstream has one path per size, and one for heads that vary."""
        return f"/varied/{self.size}" if self.headers == "varied" else f"/{self.size}"

    @property
    def title(self) -> str:
        """A name for people."""
        return f"{SIZES[self.size]}, {HEADER_SETS[self.headers]}, {self.connections:,} connections"


#: The scenario that speed goals are stated for.
PRIMARY = Scenario("100b", headers="none", connections=64)


def matrix(sizes: Iterable[str], header_sets: Iterable[str], connections: Iterable[int]) -> list[Scenario]:
    """Every combination, small bodies first; heads that vary only with the smallest body, where heads matter."""
    headers, counts = list(header_sets), list(connections)
    cells = [Scenario(size, name, count) for size in sizes for name in headers for count in counts]
    return [cell for cell in cells if cell.headers != "varied" or BODY_BYTES[cell.size] == min(BODY_BYTES.values())]
