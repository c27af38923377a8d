"""Memory that bodies need while they are inflated.

In: ``InflateRoom``, one for a whole gateway, and what each body may hold without asking. Not in: how long a body may
become (``compress.inflate.body``).

A decoder keeps what has come last, up to a window that the client chooses: 16 MiB in brotli (RFC 7932 9.1). A few
kilobytes that become much make it that large, and then the client can stall: a thousand of them would need 16 GiB.
"""

from __future__ import annotations

from typing import Final

#: The largest window of each coding, in bytes.
WINDOWS: Final = {
    b"gzip": 32 * 1024,
    b"deflate": 32 * 1024,
    b"br": 16 * 1024 * 1024,
    b"zstd": 8 * 1024 * 1024,
}
#: What each body may hold whatever others do: most bodies never need more.
FREE_WINDOW_BYTES: Final = 1024 * 1024
#: What all of them may hold beyond that.
MOST_BYTES: Final = 128 * 1024 * 1024


class InflateRoom:
    """``held_bytes``: what bodies that are being inflated hold beyond what is free."""

    def __init__(self) -> None:
        self.held_bytes = 0

    def take(self, size: int) -> bool:
        """Whether *size* bytes more may be held."""
        if self.held_bytes + size > MOST_BYTES:
            return False
        self.held_bytes += size
        return True

    def give(self, size: int) -> None:
        """Give *size* bytes back."""
        self.held_bytes -= size

    def clear(self) -> None:
        """See ``extension.kept.Keepable``: what is held still is."""

    def __repr__(self) -> str:
        return f"<InflateRoom [{self.held_bytes} of {MOST_BYTES} bytes]>"
