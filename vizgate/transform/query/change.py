"""Changes to a query, whose other parameters stay byte for byte as they came.

In: ``QueryChange``. Not in: settings (``transform.query.config``).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote_from_bytes, unquote_to_bytes

from vizgate.pipeline.request import Request
from vizgate.transform.query.config import QueryConfig
from vizgate.transform.values.text import ValueText


class QueryChange:
    """The change that *config* describes, compiled."""

    __slots__ = ("_appended", "_dropped", "_kept", "_renamed", "_set")

    def __init__(self, config: QueryConfig) -> None:
        self._kept = None if config.keep is None else frozenset(map(_utf8, config.keep))
        self._dropped = frozenset(map(_utf8, config.remove))
        self._renamed = {_utf8(old): _quote(_utf8(new)) for old, new in config.rename.items()}
        self._appended = [*_pairs(config.set), *_pairs(config.add)]
        # Looked at after the renaming, so that a new name does not stand beside the one that is set.
        self._set = frozenset(map(_utf8, config.set))

    def apply(self, query: bytes, request: Request) -> bytes:
        """The changed *query*, both without ``?``. Values can add no parameter of their own, whatever they hold."""
        pairs = [pair for pair in map(self._changed, query.split(b"&")) if pair]
        for name, text in self._appended:
            value = text.fill(request)
            if value is not None:
                pairs.append(name + b"=" + _quote(value))
        return b"&".join(pairs)

    def _changed(self, pair: bytes) -> bytes:
        """*pair* as it goes on; b"" when it does not."""
        raw_name, mark, value = pair.partition(b"=")
        name = unquote_to_bytes(raw_name.replace(b"+", b" "))
        if name in self._dropped or (self._kept is not None and name not in self._kept):
            return b""
        if name in self._renamed:
            pair = self._renamed[name] + mark + value
            name = unquote_to_bytes(self._renamed[name])
        return b"" if name in self._set else pair


def _pairs(parts: Mapping[str, str | tuple[str, ...]]) -> list[tuple[bytes, ValueText]]:
    return [
        (_quote(_utf8(name)), ValueText(value))
        for name, values in parts.items()
        for value in ((values,) if isinstance(values, str) else values)
    ]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _quote(value: bytes) -> bytes:
    return quote_from_bytes(value, safe="").encode("ascii")
