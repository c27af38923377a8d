"""Changes to header fields: what to drop, what to append.

In: ``FieldPlan``, ``compile_changes``, ``static_fields``. Not in: which names may be changed (``transform.config``) and
what a value may hold (``transform.values``).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from vizgate.message.forwarding import ASSERTED, ASSERTED_PREFIX
from vizgate.message.headers import Field, encode_name, encode_value
from vizgate.pipeline.request import Request
from vizgate.transform.config import RequestFieldChanges, ResponseFieldChanges
from vizgate.transform.values.text import ValueText

# Upper case to lower case, and "_" to "-": CGI-like servers cannot tell X_User from X-User, so a client's twin of a
# field that the gateway sets or removes must go with it.
_FOLD = bytes(byte + 32 if 65 <= byte <= 90 else 45 if byte == 95 else byte for byte in range(256))

# Without these a content would be taken for another, or a message could not be framed or dated.
_ALWAYS_KEPT = frozenset(
    {b"content-encoding", b"content-length", b"content-range", b"content-type", b"date", b"host", b"vary", b"via"}
)


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """Fields to drop, by folded name, and lines to append after that. ``kept``: what alone may stay, None for all.

    ``filled``: lines that differ from request to request; then ``appended`` is empty.
    """

    dropped: frozenset[bytes]
    appended: tuple[Field, ...]
    filled: tuple[tuple[bytes, ValueText], ...] = ()
    kept: frozenset[bytes] | None = None

    def apply(self, raw: list[Field], request: Request | None = None) -> None:
        """Change the fields in place. Args: request: whose values are meant; needed where lines are ``filled``."""
        dropped = self.dropped
        # First of all: a value may be that of a field that goes.
        lines = self.appended if request is None or not self.filled else _lines(self.filled, request)
        if self.kept is not None:
            own = () if request is None else [name for name, _ in request.own.fields]
            raw[:] = [field for field in raw if self._stays(field[0]) or field[0] in own]
        if dropped:
            raw[:] = [field for field in raw if field[0].translate(_FOLD) not in dropped]
        raw += lines

    def _stays(self, name: bytes) -> bool:
        assert self.kept is not None
        lower = name.lower()
        return lower in self.kept or lower in _ALWAYS_KEPT or lower in ASSERTED or lower.startswith(ASSERTED_PREFIX)


def _lines(texts: tuple[tuple[bytes, ValueText], ...], request: Request) -> tuple[Field, ...]:
    """*texts* as lines, without those whose value is missing or could split a message."""
    lines = []
    for name, text in texts:
        value = text.fill(request)
        if value is not None:
            with suppress(ValueError):
                lines.append((name, encode_value(value)))
    return tuple(lines)


def compile_changes(changes: RequestFieldChanges | ResponseFieldChanges) -> FieldPlan | None:
    """*changes* as a plan; None when there are none."""
    dropped = frozenset(encode_name(name).translate(_FOLD) for name in (*changes.remove, *changes.set))
    kept = None if changes.keep is None else frozenset(encode_name(name).lower() for name in changes.keep)
    lines = [
        (encode_name(name), ValueText(value))
        for part in (changes.set, changes.add)
        for name, values in part.items()
        for value in ((values,) if isinstance(values, str) else values)
    ]
    fixed = [(name, encode_value(text.fixed)) for name, text in lines if text.fixed is not None]
    if not (dropped or lines or kept is not None):
        return None
    # All or none of them, so that lines of one name keep their order.
    if len(fixed) == len(lines):
        return FieldPlan(dropped, tuple(fixed), kept=kept)
    return FieldPlan(dropped, (), tuple(lines), kept)


def static_fields(lines: Mapping[str, str | tuple[str, ...]]) -> tuple[Field, ...]:
    """*lines* as they stand in a message, in order."""
    return tuple(
        (encode_name(name), encode_value(value))
        for name, values in lines.items()
        for value in ((values,) if isinstance(values, str) else values)
    )
