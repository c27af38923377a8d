"""Whether an answer may be compressed, and what its fields say afterwards.

In: ``CompressRule``, the decision from fields alone, and the fields of a compressed answer. Not in: compressing
(``compress.body``).
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.message.headers import Field
from vizgate.message.media_types import MediaTypes
from vizgate.message.representation import changed_fields

# RFC 9110 15.3.5, 15.3.6, 15.3.7: no content, or a part of it.
_NEVER = frozenset({204, 205, 206})


class CompressRule:
    """Decides by status, fields and length.

    Args: types: media types in lower case, see ``MediaTypes``. min_size: in bytes.
    """

    __slots__ = ("_min_size", "_types")

    def __init__(self, types: Iterable[str], min_size: int) -> None:
        self._types = MediaTypes(types)
        self._min_size = min_size

    def allows(self, status: int, fields: list[Field], length: int | None) -> bool:
        """Whether such an answer would be compressed for a client that takes it.

        Args: length: of the content in bytes, None for unknown, which counts as long.
        """
        if status in _NEVER or (length is not None and length < self._min_size):
            return False
        is_compressible = False
        for name, value in fields:
            size = len(name)
            if size == 12 and name.lower() == b"content-type":
                is_compressible = value in self._types
            elif size == 16 and name.lower() == b"content-encoding":
                if value.strip().lower() not in {b"identity", b""}:
                    return False
            elif (size == 13 and name.lower() == b"content-range") or (
                size == 13 and name.lower() == b"cache-control" and has_no_transform(value)
            ):
                return False
        return is_compressible


def has_no_transform(cache_control: bytes) -> bool:
    """Whether the value of a ``Cache-Control`` field forbids changing the content (RFC 9111 5.2.2.6)."""
    return b"no-transform" in [item.strip().lower() for item in cache_control.split(b",")]


def encoded_fields(fields: list[Field], coding: bytes) -> list[Field]:
    """*fields* of an answer whose content is now coded by *coding*; ``Vary`` is not touched."""
    kept = [field for field in changed_fields(fields) if field[0].lower() != b"content-encoding"]
    return [*kept, (b"Content-Encoding", coding)]
