"""Decoders of content codings that never make more than a little at a time.

In: ``Decoder`` and making one; a home of ``brotli`` and ``zstandard``. Not in: how much a body may become
(``compress.inflate.body``).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any, Protocol

_GZIP_WINDOW = 31
_PIECE_BYTES = 64 * 1024
# RFC 9659: a window of more than 8 MiB must not be needed.
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
# zstandard has no bound on what one call gives. A block is at least 4 bytes and becomes at most 128 KiB, so this much
# of it becomes at most 1 MiB.
_ZSTD_SLICE_BYTES = 32

# A member or frame takes microseconds to begin, however little comes of it. Files have one, or one for some kilobytes.
_FREE_PARTS = 64
_LEAST_PART_BYTES = 256

_PACKAGES = {"br": "brotli", "zstd": "zstandard"}


class Undecodable(ValueError):
    """What came is not in the coding that it is said to be in."""


class Decoder(Protocol):
    """Inflates one body."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What *data* becomes, in pieces of bounded size. Raises: Undecodable."""
        ...

    def finish(self) -> None:
        """Return when the body was whole. Raises: Undecodable: there is an end missing."""
        ...


def has_decoder(coding: str) -> bool:
    """Whether this installation can decode *coding*: br and zstd with ``vizgate[compress]``."""
    package = _PACKAGES.get(coding)
    return package is None or find_spec(package) is not None


def decoder_factory(coding: str) -> Callable[[], Decoder]:
    """What makes decoders of *coding*. Raises: ImportError: its package is missing."""
    return _FACTORIES[coding]()


class _Parts:
    """Counts members or frames, so that a body of hardly anything else does not cost more than another."""

    __slots__ = ("_began", "_came")

    def __init__(self) -> None:
        self._began = 0
        self._came = 0

    def take(self, size: int) -> None:
        """*size* bytes more have come."""
        self._came += size

    def begin(self) -> None:
        """One more begins. Raises: Undecodable: there are too many for so few bytes."""
        self._began += 1
        if self._began > _FREE_PARTS + self._came // _LEAST_PART_BYTES:
            raise Undecodable("too many parts of almost nothing")


class _Gzip:
    """Source: RFC 1952 2.2: a file is a series of members, one after the other."""

    __slots__ = ("_member", "_parts")

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._parts = _Parts()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._parts.take(len(data))
        while data:
            if self._member.eof:
                self._parts.begin()
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            yield from _inflated(self._member, data)
            data = self._member.unused_data

    def finish(self) -> None:
        if not self._member.eof:
            raise Undecodable("the end is missing")


class _Deflate:
    """The zlib format; clients that send bare deflate, which many did, are understood, too.

    Source: RFC 9110 8.4.1.2.
    """

    __slots__ = ("_object", "_start")

    def __init__(self) -> None:
        self._object: Any = None
        self._start = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._object is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return
            # RFC 1950 2.2: method 8, and a header that is a multiple of 31.
            has_header = data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._object = zlib.decompressobj(15 if has_header else -15)
        if self._object.eof:
            raise Undecodable("there is more behind the end")
        yield from _inflated(self._object, data)
        if self._object.unused_data:
            raise Undecodable("there is more behind the end")

    def finish(self) -> None:
        if self._object is None or not self._object.eof:
            raise Undecodable("the end is missing")


def _inflated(inflater: Any, data: bytes) -> Iterator[bytes]:
    try:
        while data and not inflater.eof:
            content = inflater.decompress(data, _PIECE_BYTES)
            if content:
                yield content
            data = inflater.unconsumed_tail
        # What fits into no piece is still inside once all of the input was taken.
        while not inflater.eof and (content := inflater.decompress(b"", _PIECE_BYTES)):
            yield content
    except zlib.error as exc:
        raise Undecodable(str(exc)) from exc


class _Brotli:
    __slots__ = ("_error", "_object")

    def __init__(self, module: Any) -> None:
        self._object = module.Decompressor()
        self._error: type[Exception] = module.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            content = self._object.process(data, output_buffer_limit=_PIECE_BYTES)
            # It may say that it can take more before it has given everything, so only no content is the end.
            while content or not self._object.can_accept_more_data():
                if content:
                    yield content
                content = self._object.process(b"", output_buffer_limit=_PIECE_BYTES)
        except self._error as exc:
            raise Undecodable(str(exc)) from exc

    def finish(self) -> None:
        if not self._object.is_finished():
            raise Undecodable("the end is missing")


class _Zstd:
    __slots__ = ("_error", "_frame", "_make", "_parts")

    def __init__(self, module: Any) -> None:
        self._make = module.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj
        self._frame = self._make()
        self._parts = _Parts()
        self._error: type[Exception] = module.ZstdError

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._parts.take(len(data))
        try:
            for start in range(0, len(data), _ZSTD_SLICE_BYTES):
                yield from self._slice(data[start : start + _ZSTD_SLICE_BYTES])
        except self._error as exc:
            raise Undecodable(str(exc)) from exc

    def _slice(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame.eof:  # RFC 8878 3: frames may follow each other
                self._parts.begin()
                self._frame = self._make()
            content = self._frame.decompress(data)
            if content:
                yield content
            data = self._frame.unused_data if self._frame.eof else b""

    def finish(self) -> None:
        if not self._frame.eof:
            raise Undecodable("the end is missing")


def _br() -> Callable[[], Decoder]:
    import brotli

    return lambda: _Brotli(brotli)


def _zstd() -> Callable[[], Decoder]:
    import zstandard

    return lambda: _Zstd(zstandard)


_FACTORIES: Mapping[str, Callable[[], Callable[[], Decoder]]] = {
    "gzip": lambda: _Gzip,
    "deflate": lambda: _Deflate,
    "br": _br,
    "zstd": _zstd,
}
