"""Where key sets come from: a URL or a file.

In: ``KeySource`` and the two sources. Not in: when they are asked (``keys.refresh``).
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import NamedTuple, Protocol

from vizgate.auth.jwt.keys.material import KeyUnusable
from vizgate.pipeline.ports import Call, CallerPort
from vizgate.units import KIB

#: The longest document that is read.
LIMIT_BYTES = 256 * KIB
_TIMEOUT_S = 5.0
_MAX_AGE = re.compile(rb"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,10})", re.IGNORECASE)


class Document(NamedTuple):
    """What a source gave. ``max_age_s``: how long it may be kept, None if the source does not say."""

    data: bytes
    max_age_s: float | None = None


class KeySource(Protocol):
    """Gives documents with keys. ``label``: names it in logs. ``is_near``: whether asking costs nobody anything."""

    label: str
    is_near: bool

    async def fetch(self) -> Document:
        """The document as it is now. Raises: CallFailed, KeyUnusable: there is none."""
        ...


class UrlSource:
    """A document at *url*, asked for through *calls*."""

    is_near = False

    def __init__(self, url: str, calls: CallerPort) -> None:
        self.label = url.partition("?")[0]
        self._calls = calls
        self._call = Call(
            url, fields=((b"Accept", b"application/json"),), timeout_s=_TIMEOUT_S, limit_bytes=LIMIT_BYTES
        )

    async def fetch(self) -> Document:
        """See ``KeySource.fetch``."""
        answer = await self._calls.call(self._call)
        if answer.status != 200:
            raise KeyUnusable(f"it was answered with {answer.status}")
        control = b",".join(value for name, value in answer.fields if name.lower() == b"cache-control")
        said = _MAX_AGE.search(control)
        return Document(answer.body, None if said is None else float(said[1]))


class FileSource:
    """A document in the file *path*."""

    is_near = True

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self._path = path

    async def fetch(self) -> Document:
        """See ``KeySource.fetch``."""
        return Document(await asyncio.to_thread(read_document, self._path))


def read_document(path: Path) -> bytes:
    """The bytes of *path*. Raises: KeyUnusable: it cannot be read or is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as exc:
        raise KeyUnusable(f"it cannot be read: {exc.strerror}") from exc
    if len(data) > LIMIT_BYTES:
        raise KeyUnusable(f"it is over {LIMIT_BYTES} bytes")
    return data
