"""Encoders of the content codings gzip, br and zstd.

In: ``Encoder``, which codings this installation has, and making one; the home of ``brotli``, ``zstandard`` and
``isal``. Not in: which coding suits a client (``compress.accept_encoding``).

Windows are small (32 to 256 KiB): every answer that is being compressed holds one, and what a gateway compresses is
mostly smaller.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

_GZIP_WINDOW = 31  # 15 bits of window, and a gzip header (zlib's manual, deflateInit2)
_WINDOW_LOG = 18

#: Levels at which compressing costs about as much as sending less saves; measured in ``benchmarks/micro``.
DEFAULT_LEVELS: Mapping[str, int] = {"gzip": 1, "br": 4, "zstd": 3}

_PACKAGES = {"br": "brotli", "zstd": "zstandard"}


class Encoder(Protocol):
    """Compresses one body; it is used up by ``finish``."""

    def feed(self, data: bytes) -> bytes:
        """What can be sent once *data* has come; maybe nothing."""
        ...

    def flush(self) -> bytes:
        """What is needed for the other side to have everything that has come so far."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


MakeEncoder = Callable[[], Encoder]


@cache
def has_coding(coding: str) -> bool:
    """Whether this installation can encode *coding*: gzip always, br and zstd with ``vizgate[compress]``."""
    return coding == "gzip" or find_spec(_PACKAGES[coding]) is not None


def encoder_factory(coding: str, level: int) -> MakeEncoder:
    """What makes encoders of *coding*. Raises: ImportError: its package is missing."""
    return _FACTORIES[coding](level)


class _Zlib:
    __slots__ = ("_full", "_object", "feed")

    def __init__(self, module: Any, level: int) -> None:
        self._object = module.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW)
        self.feed: Callable[[bytes], bytes] = self._object.compress

    def flush(self) -> bytes:
        flushed: bytes = self._object.flush(zlib.Z_SYNC_FLUSH)
        return flushed

    def finish(self) -> bytes:
        rest: bytes = self._object.flush()
        return rest


def _gzip(level: int) -> MakeEncoder:
    # isal is four times as fast at a little more bytes, and knows the levels 0 to 3 only.
    if level <= 3 and find_spec("isal") is not None:
        from isal import isal_zlib

        return lambda: _Zlib(isal_zlib, level)
    return lambda: _Zlib(zlib, level)


class _Brotli:
    __slots__ = ("_object", "feed", "finish", "flush")

    def __init__(self, compressor: Any) -> None:
        self._object = compressor
        self.feed: Callable[[bytes], bytes] = compressor.process
        self.flush: Callable[[], bytes] = compressor.flush
        self.finish: Callable[[], bytes] = compressor.finish


def _br(level: int) -> MakeEncoder:
    import brotli

    return lambda: _Brotli(brotli.Compressor(quality=level, lgwin=_WINDOW_LOG))


class _Zstd:
    __slots__ = ("_block", "_object", "feed")

    def __init__(self, compressor: Any, block: int) -> None:
        self._object = compressor.compressobj()
        self._block = block
        self.feed: Callable[[bytes], bytes] = self._object.compress

    def flush(self) -> bytes:
        flushed: bytes = self._object.flush(self._block)
        return flushed

    def finish(self) -> bytes:
        rest: bytes = self._object.flush()
        return rest


def _zstd(level: int) -> MakeEncoder:
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(level, window_log=_WINDOW_LOG)

    # A compressor of its own for each body: one that is shared between two at once is not safe.
    def make() -> Encoder:
        compressor = zstandard.ZstdCompressor(compression_params=parameters)
        return _Zstd(compressor, zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    return make


_FACTORIES: Mapping[str, Callable[[int], MakeEncoder]] = {"gzip": _gzip, "br": _br, "zstd": _zstd}
