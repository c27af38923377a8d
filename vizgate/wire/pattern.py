"""A head as the pattern of the next: most lines come again as they were, and most others are a field's new value.

In: ``HeadPattern``. Not in: whole heads that come again, and which head is compared with which (``wire.request``,
``wire.response``). The numbers are in ``docs/adr/0011-heads-that-differ-in-values.md``.
"""

from __future__ import annotations

import re
from itertools import compress
from operator import ne
from typing import NamedTuple

from vizgate.message.headers import Field
from vizgate.message.heads import KIND_LENGTH, Framing
from vizgate.message.template import FieldTemplate, field_lines
from vizgate.wire.fields import Effect, FieldSorter
from vizgate.wire.framing import parse_length
from vizgate.wire.grammar import TEXT

_is_text = re.compile(TEXT).fullmatch


class _Role(NamedTuple):
    """What a line may be in another head. ``prefix``: what it must begin with to be the same field. ``place``: of the
    field among those of its kind.
    """

    effect: Effect
    prefix: bytes
    place: int


# Under plain names: reading a member off its enum costs ten times as much.
_FIELD, _ASSERTED, _LENGTH = Effect.FIELD, Effect.ASSERTED, Effect.LENGTH
_FIXED = _Role(Effect.MORE, b"", -1)


class HeadPattern:
    """The lines of a head that was read by every rule, and what a head means that has the same lines but for values.

    A line may differ only in the value of a field that means nothing to this hop, in what a client asserts, and in the
    size of a body that has one. Every other difference (another name, one line more, another order) is left to who
    reads heads by every rule.

    ``template``, ``asserted``, ``framing``: what the head says that was accepted last. ``is_same``: whether it was the
    head before it, byte for byte.

    Args: lines: without their CRLF; the first is none of a field, the last two are empty. template, asserted: what was
    made of them.
    """

    __slots__ = ("_fields", "_lines", "_places", "_rendered", "_roles", "_sorter", "asserted", "framing",
                 "is_same", "template")  # fmt: skip

    def __init__(
        self,
        lines: list[bytes],
        template: FieldTemplate,
        asserted: tuple[Field, ...],
        framing: Framing,
        sorter: FieldSorter,
    ) -> None:
        self.template = template
        self.asserted = asserted
        self.framing = framing
        self.is_same = True
        self._lines = lines
        self._sorter = sorter
        # The rest is made when it is needed: most heads are the last of their kind on their connection.
        self._fields: list[Field] = []
        self._rendered: list[bytes] = []
        self._places: list[int] = []
        self._roles: dict[int, _Role] = {}

    def accept(self, lines: list[bytes]) -> bool:
        """Take *lines* for the present head, if they differ from the last one only where they may; whether they do."""
        last = self._lines
        if len(lines) != len(last):
            return False
        changes: list[tuple[_Role, bytes]] = []
        for at in compress(range(len(lines)), map(ne, lines, last)):
            line, role = lines[at], self._roles.get(at) or self._role(at)
            size = len(role.prefix)
            if role is _FIXED or line[:size] != role.prefix or _is_text(line, size) is None:
                return False
            value = line[size:].strip(b" \t")
            if role.effect is _LENGTH and not parse_length(value):
                return False
            changes.append((role, value))
        self.is_same = not changes
        if changes:
            self._lines = lines
            self._take(changes)
        return True

    def _take(self, changes: list[tuple[_Role, bytes]]) -> None:
        fields = self._fields
        is_new = False
        for role, value in changes:
            if role.effect is _FIELD:
                fields = fields or self._render()
                fields[role.place] = field = (fields[role.place][0], value)
                self._rendered[role.place] = b"%b: %b\r\n" % field
                is_new = True
            elif role.effect is _ASSERTED:
                name = self.asserted[role.place][0]
                self.asserted = (*self.asserted[: role.place], (name, value), *self.asserted[role.place + 1 :])
            elif role.effect is _LENGTH:
                self.framing = Framing(KIND_LENGTH, int(value))
        if is_new:
            self.template = FieldTemplate.of_lines(tuple(fields), b"".join(self._rendered))

    def _render(self) -> list[Field]:
        self._fields = [*self.template.fields]
        self._rendered = [field_lines([field]) for field in self._fields]
        return self._fields

    def _role(self, at: int) -> _Role:
        role = self._roles[at] = self._new_role(at)
        return role

    def _new_role(self, at: int) -> _Role:
        name = self._lines[at].partition(b":")[0]
        # The first line is none of a field, and the two after the last are empty.
        effect = self._sorter.effect(name) if 0 < at < len(self._lines) - 2 else Effect.MORE
        if effect is _FIELD or effect is _ASSERTED:
            place = (self._places or self._find_places())[at]
            # A field that is named in Connection has no place, and is left to who knows why.
            return _FIXED if place < 0 else _Role(effect, name + b":", place)
        if effect is Effect.NOTHING or (effect is _LENGTH and self._has_length()):
            return _Role(effect, name + b":", -1)
        return _FIXED

    def _has_length(self) -> bool:
        """Whether the one Content-Length is what delimits the body."""
        effects = [self._sorter.effect(line.partition(b":")[0]) for line in self._lines[1:-2]]
        return self.framing.kind is KIND_LENGTH and effects.count(_LENGTH) == 1

    def _find_places(self) -> list[int]:
        """Where each line has its field among those of its kind: in the order of the lines, without those dropped."""
        fields, asserted = [*self.template.fields], [*self.asserted]
        kept = claimed = 0
        self._places = [-1]
        for line in self._lines[1:]:
            name, place = line.partition(b":")[0], -1
            if kept < len(fields) and fields[kept][0] == name:
                place, kept = kept, kept + 1
            elif claimed < len(asserted) and asserted[claimed][0] == name:
                place, claimed = claimed, claimed + 1
            self._places.append(place)
        return self._places

    def __repr__(self) -> str:
        return f"<HeadPattern [{len(self.template.fields)} fields, {len(self.asserted)} asserted]>"
