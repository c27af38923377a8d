"""A head as the pattern of the next: most lines come again as they were, and most others are a field's new value.

In: ``HeadPattern``. Not in: whole heads that come again, and which head is compared with which (``wire.request``,
``wire.response``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from operator import ne

from vizgate.message.headers import Field
from vizgate.message.heads import KIND_LENGTH, Framing
from vizgate.message.template import FieldTemplate, field_lines
from vizgate.wire.fields import Effect, FieldSorter
from vizgate.wire.framing import parse_length
from vizgate.wire.grammar import TEXT

_is_text = re.compile(TEXT).fullmatch
# Where a line has its field among those that travel on, for lines that have none.
_NOWHERE = -1
_LENGTH = -2


class HeadPattern:
    """The lines of a head that was read by every rule, and what a head means that has the same lines but for values.

    A line may differ only in the value of a field that means nothing to this hop, and in the size of a body that has
    one. Every other difference (another name, one line more, another order) is left to who reads heads by every rule.

    ``framing``: of the head that was accepted last.

    Args: lines: without their CRLF; the first is not a field, the last two are empty. fields: what travels on of them.
    """

    __slots__ = ("_fields", "_lines", "_places", "_prefixes", "_rendered", "_sorter", "framing")

    def __init__(self, lines: list[bytes], fields: Sequence[Field], framing: Framing, sorter: FieldSorter) -> None:
        self.framing = framing
        self._lines = lines
        self._fields = [*fields]
        self._sorter = sorter
        #: The fields as whole lines; made, as the next two, when a head is compared for the first time.
        self._rendered: list[bytes] = []
        #: What each line must begin with to be the same field, None where it must be the same line.
        self._prefixes: list[bytes | None] = []
        self._places: list[int] = []

    def accept(self, lines: list[bytes]) -> bool:
        """Take *lines* for the present head, if they differ from the last one only where they may; whether they do."""
        if len(lines) != len(self._lines):
            return False
        prefixes = self._prefixes or self._prepare()
        length = 0
        changes: list[tuple[int, bytes]] = []
        for at in compress(range(len(lines)), map(ne, lines, self._lines)):
            line, prefix = lines[at], prefixes[at]
            if prefix is None or not line.startswith(prefix) or _is_text(line, len(prefix)) is None:
                return False
            value, place = line[len(prefix) :].strip(b" \t"), self._places[at]
            if place >= 0:
                changes.append((place, value))
            elif place == _LENGTH:
                length = parse_length(value) or 0
                if not length:
                    return False
        self._take(lines, changes, length)
        return True

    def _take(self, lines: list[bytes], changes: list[tuple[int, bytes]], length: int) -> None:
        self._lines = lines
        for place, value in changes:
            self._fields[place] = field = (self._fields[place][0], value)
            self._rendered[place] = b"%b: %b\r\n" % field
        if length:
            self.framing = Framing(KIND_LENGTH, length)

    def template(self) -> FieldTemplate:
        """The fields of the present head."""
        return FieldTemplate.of_lines(tuple(self._fields), b"".join(self._rendered))

    def _prepare(self) -> list[bytes | None]:
        self._rendered = [field_lines([field]) for field in self._fields]
        names = [line.partition(b":")[0] for line in self._lines]
        kept = 0
        for at, name in enumerate(names):
            place = _NOWHERE
            # The fields stand in the order of their lines; a line whose name is not the next field's was dropped.
            if kept < len(self._fields) and self._fields[kept][0] == name and at > 0:
                place, kept = kept, kept + 1
            is_field = 0 < at < len(names) - 2
            prefix, place = self._freedom(name, place, names) if is_field else (None, place)
            self._prefixes.append(prefix)
            self._places.append(place)
        return self._prefixes

    def _freedom(self, name: bytes, place: int, names: list[bytes]) -> tuple[bytes | None, int]:
        """The prefix of a line that may have another value, or None; and its place."""
        effect = self._sorter.effect(name)
        # A field that is named in Connection has no place, and is left to who knows why.
        if effect is Effect.NOTHING or (effect is Effect.FIELD and place >= 0):
            return name + b":", place
        lengths = [other for other in names if other.lower() == b"content-length"]
        if effect is Effect.LENGTH and self.framing.kind is KIND_LENGTH and len(lengths) == 1:
            return name + b":", _LENGTH
        return None, place

    def __repr__(self) -> str:
        return f"<HeadPattern [{len(self._lines)} lines, {len(self._fields)} fields]>"
