"""Fixed changes to header fields: what to drop, what to append.

In: ``FieldPlan``, ``compile_changes``, ``static_fields``. Not in: which names may be changed (``transform.config``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vizgate.message.headers import Field, encode_name, encode_value
from vizgate.transform.config import RequestFieldChanges, ResponseFieldChanges

# Upper case to lower case, and "_" to "-": CGI-like servers cannot tell X_User from X-User, so a client's twin of a
# field that the gateway sets or removes must go with it.
_FOLD = bytes(byte + 32 if 65 <= byte <= 90 else 45 if byte == 95 else byte for byte in range(256))


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """Fields to drop, by folded name, and lines to append after that."""

    dropped: frozenset[bytes]
    appended: tuple[Field, ...]

    def apply(self, raw: list[Field]) -> None:
        """Change the fields in place."""
        dropped = self.dropped
        if dropped:
            raw[:] = [field for field in raw if field[0].translate(_FOLD) not in dropped]
        raw += self.appended


def compile_changes(changes: RequestFieldChanges | ResponseFieldChanges) -> FieldPlan | None:
    """*changes* as a plan; None when there are none."""
    dropped = frozenset(encode_name(name).translate(_FOLD) for name in (*changes.remove, *changes.set))
    appended = (*static_fields(changes.set), *static_fields(changes.add))
    return FieldPlan(dropped, appended) if dropped or appended else None


def static_fields(lines: Mapping[str, str | tuple[str, ...]]) -> tuple[Field, ...]:
    """*lines* as they stand in a message, in order."""
    return tuple(
        (encode_name(name), encode_value(value))
        for name, values in lines.items()
        for value in ((values,) if isinstance(values, str) else values)
    )
