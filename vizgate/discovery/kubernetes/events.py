"""A list of objects and the changes that a watch tells of, by the protocol of the Kubernetes API.

In: ``SliceTable``, lines out of chunks. Not in: asking (``discovery.kubernetes.source``), what a slice means
(``discovery.kubernetes.slices``).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from vizgate.discovery.kubernetes.slices import SlicePart, Wanted, read_slice, targets_of
from vizgate.extension.kinds.discovery import MAX_TARGETS, DiscoveredTarget, DiscoveryFailed
from vizgate.units import MIB

#: The longest event: a slice has at most 1,000 endpoints.
LONGEST_BYTES = 4 * MIB
#: The most slices of one service; there are as many as targets when each is filled with one of them.
MAX_SLICES = MAX_TARGETS
_GONE = 410


class HistoryGone(Exception):
    """The server does not know any more what has changed since: list again."""


class SliceTable:
    """The slices of one service. ``version``: the state of the cluster that this is, for the next watch."""

    def __init__(self, wanted: Wanted) -> None:
        self.version = ""
        self._wanted = wanted
        self._parts: dict[str, SlicePart] = {}
        #: What the parts come to; None when they have changed since.
        self._targets: tuple[DiscoveredTarget, ...] | None = None

    def replace(self, items: list[Any], version: str) -> None:
        """Begin anew with *items*, of a list. Raises: DiscoveryFailed: they are no slices."""
        try:
            self._parts = {item["metadata"]["name"]: read_slice(item, self._wanted) for item in items}
        except (KeyError, TypeError):
            raise DiscoveryFailed("the list holds something that is no EndpointSlice") from None
        self._changed()
        self.version = version

    def apply(self, line: bytes) -> None:
        """Take the event in *line*. Raises: HistoryGone. DiscoveryFailed: it cannot be understood, or tells of a
        failure.
        """
        try:
            event = json.loads(line)
            kind, found = event["type"], event["object"]
            if kind == "ERROR":
                raise _failure(found)
            version = found["metadata"]["resourceVersion"]
            if kind in {"ADDED", "MODIFIED"}:
                self._parts[found["metadata"]["name"]] = read_slice(found, self._wanted)
                self._changed()
            elif kind == "DELETED" and self._parts.pop(found["metadata"]["name"], None) is not None:
                self._changed()
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise DiscoveryFailed("an event of the watch cannot be understood") from None
        # Only now: an event that was not taken must come again.
        self.version = version

    def _changed(self) -> None:
        self._targets = None
        if len(self._parts) > MAX_SLICES:
            raise DiscoveryFailed(f"the service has more than {MAX_SLICES} slices")

    def targets(self) -> tuple[DiscoveredTarget, ...]:
        """The targets there are. Raises: DiscoveryFailed: see ``slices.targets_of``."""
        if self._targets is None:
            self._targets = targets_of(self._parts.values(), self._wanted)
        return self._targets

    def __repr__(self) -> str:
        return f"<SliceTable [{len(self._parts)} slices at {self.version or 'no version'}]>"


def _failure(status: Mapping[str, Any]) -> Exception:
    if status.get("code") == _GONE:
        return HistoryGone()
    return DiscoveryFailed(f"the watch has failed: {status.get('code')} {str(status.get('reason', ''))[:60]!r}")


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes]]:
    """The whole lines of *chunks*, those together that came together, empty ones left out.

    Raises: DiscoveryFailed: one has no end.
    """
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" not in chunk:
            if len(rest) > LONGEST_BYTES:
                raise DiscoveryFailed("an event of the watch is too long")
            continue
        *lines, tail = bytes(rest).split(b"\n")
        rest = bytearray(tail)
        told = [line for line in lines if line.strip()]
        if told:
            yield told
