"""Sorts the fields of a head: what travels on, what belongs to this hop, what the client only asserts.

In: ``FieldSorter``. Not in: what framing fields mean (``wire.framing``), which assertions there are and what the
gateway adds (``message.forwarding``).
"""

from __future__ import annotations

import re
from enum import Enum

from vizgate.message.headers import Field

_MARK = re.compile(rb"[^0-9a-z]")

# Plain integers: this is compared for every field of every message.
_KEEP, _DROP, _HOST, _LENGTH, _ENCODING, _CONNECTION, _UPGRADE, _EXPECT, _ASSERTED, _DATE = range(10)

_OF_NAME = {
    b"host": _HOST,
    b"content-length": _LENGTH,
    b"transfer-encoding": _ENCODING,
    b"connection": _CONNECTION,
    b"upgrade": _UPGRADE,
    b"expect": _EXPECT,
    b"date": _DATE,
    # RFC 9110 7.6.1 and its predecessors: hop-by-hop whether Connection names them or not.
    b"keep-alive": _DROP,
    b"proxy-connection": _DROP,
    b"proxy-authenticate": _DROP,
    b"proxy-authorization": _DROP,
    b"proxy-authentication-info": _DROP,
    b"te": _DROP,
    b"http2-settings": _DROP,
}


def as_hyphenated(lower: bytes) -> bytes:
    """The lower-case name that *lower* is to a server that takes every mark for a hyphen."""
    return _MARK.sub(b"-", lower)


class Effect(Enum):
    """What the value of a field means for its head."""

    #: Nothing: it is dropped.
    NOTHING = "nothing"
    #: The field travels on, and no more.
    FIELD = "field"
    #: It is put aside as what a client asserts, and no more.
    ASSERTED = "asserted"
    #: It tells the size of the body.
    LENGTH = "length"
    MORE = "more"


_EFFECTS = {
    _KEEP: Effect.FIELD,
    _DATE: Effect.FIELD,
    _DROP: Effect.NOTHING,
    _LENGTH: Effect.LENGTH,
    _ASSERTED: Effect.ASSERTED,
}

# Never removed because ``Connection`` names them: what the gateway itself sets and what delimits the message
# (CVE-2022-31813, CVE-2024-45410).
_NOT_NAMEABLE = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"close", b"keep-alive"})
# The memo serves the names that everybody uses; what a hostile client fills it with is small and soon forgotten.
_MEMO_SIZE = 1024
_MEMO_NAME_BYTES = 64

_NO_OPTIONS: frozenset[bytes] = frozenset()


class SortedFields:
    """The fields of one head by fate; ``options`` are those of all Connection lines, lower case."""

    __slots__ = ("asserted", "encodings", "expects", "has_date", "hosts", "kept", "lengths", "options", "upgrades")

    def __init__(self) -> None:
        self.kept: list[Field] = []
        # Tuples, because most stay empty and an empty tuple costs nothing.
        self.hosts: tuple[bytes, ...] = ()
        self.lengths: tuple[bytes, ...] = ()
        self.encodings: tuple[bytes, ...] = ()
        self.upgrades: tuple[bytes, ...] = ()
        self.expects: tuple[bytes, ...] = ()
        self.asserted: tuple[Field, ...] = ()
        self.options: frozenset[bytes] = _NO_OPTIONS
        self.has_date = False


class FieldSorter:
    """Sorts fields in one pass, with the fate of each spelling of a name remembered.

    Args: asserted: lower-case names that are put aside because only some peers may set them. dropped: lower-case names
    that do not travel on, whoever sends them. asserted_prefix: as *asserted*, for every other name that begins so.
    drop_underscored: whether a name with "_" is dropped: many servers read ``X_User`` as ``X-User``, so a twin could
    stand in for a field that the gateway guards. Some read every mark so (``X.User``): then what is a guarded name to
    them is dropped, too.
    """

    __slots__ = ("_asserted", "_asserted_prefix", "_drop_underscored", "_dropped", "_memo")

    def __init__(
        self,
        asserted: frozenset[bytes] = frozenset(),
        dropped: frozenset[bytes] = frozenset(),
        *,
        asserted_prefix: bytes = b"",
        drop_underscored: bool = False,
    ) -> None:
        self._asserted = asserted
        self._asserted_prefix = asserted_prefix
        self._dropped = dropped
        self._drop_underscored = drop_underscored
        self._memo: dict[bytes, int] = {}

    @property
    def rules(self) -> tuple[frozenset[bytes], frozenset[bytes], bytes, bool]:
        """What it goes by; sorters with equal rules sort alike."""
        return self._asserted, self._dropped, self._asserted_prefix, self._drop_underscored

    def sort(self, fields: list[Field]) -> SortedFields:
        """Every field in its place; fields named in Connection are dropped from ``kept``."""
        out = SortedFields()
        kept, memo = out.kept, self._memo
        connection: list[bytes] = []
        for item in fields:
            fate = memo.get(item[0])
            if fate is None:
                fate = self._fate(item[0])
            if fate == 0:
                kept.append(item)
            elif fate == _CONNECTION:
                connection.append(item[1])
            else:
                _place(out, fate, item)
        if connection:
            out.options = connection_options(connection)
            named = out.options - _NOT_NAMEABLE
            if named:
                out.kept = [item for item in kept if item[0].lower() not in named]
                out.has_date = out.has_date and b"date" not in named
        return out

    def effect(self, name: bytes) -> Effect:
        """What changes about a head when the field *name*, in this spelling, has another value."""
        fate = self._memo.get(name)
        return _EFFECTS.get(self._fate(name) if fate is None else fate, Effect.MORE)

    def _fate(self, name: bytes) -> int:
        lower = name.lower()
        fate = _OF_NAME.get(lower, _KEEP)
        prefix = self._asserted_prefix
        if lower in self._dropped:
            fate = _DROP
        elif lower in self._asserted or (prefix and lower.startswith(prefix)):
            fate = _ASSERTED
        elif self._drop_underscored and (b"_" in name or self._is_twin(lower)):
            fate = _DROP
        if len(name) <= _MEMO_NAME_BYTES:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            self._memo[name] = fate
        return fate

    def _is_twin(self, lower: bytes) -> bool:
        """Whether *lower* is the name of a guarded field to a server that takes every mark for a hyphen, as CGI may."""
        read = as_hyphenated(lower)
        if read == lower:
            return False
        prefix = self._asserted_prefix
        return (
            read in self._dropped
            or read in self._asserted
            or read in _OF_NAME
            or bool(prefix and read.startswith(prefix))
        )


def _place(out: SortedFields, fate: int, item: Field) -> None:
    if fate == _HOST:
        out.kept.append(item)
        out.hosts += (item[1],)
    elif fate == _DATE:
        out.kept.append(item)
        out.has_date = True
    elif fate == _LENGTH:
        out.lengths += (item[1],)
    elif fate == _ENCODING:
        out.encodings += (item[1],)
    elif fate == _UPGRADE:
        out.upgrades += (item[1],)
    elif fate == _EXPECT:
        out.expects += (item[1],)
    elif fate == _ASSERTED:
        out.asserted += (item,)


def connection_options(values: list[bytes]) -> frozenset[bytes]:
    """The lower-case options of all Connection lines; empty list elements are ignored (RFC 9110 5.6.1)."""
    if len(values) == 1:
        known = _COMMON_OPTIONS.get(values[0])
        if known is not None:
            return known
    tokens = b",".join(values).lower().split(b",")
    return frozenset(token.strip(b" \t") for token in tokens) - {b""}


_COMMON_OPTIONS = {
    b"keep-alive": frozenset({b"keep-alive"}),
    b"Keep-Alive": frozenset({b"keep-alive"}),
    b"close": frozenset({b"close"}),
    b"Upgrade": frozenset({b"upgrade"}),
}
