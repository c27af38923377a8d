"""Fields that message after message shares, with the bytes they are sent as.

In: ``FieldTemplate``. Not in: who finds out that fields are shared (``wire.request``, ``wire.response``).
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.message.headers import Field


class FieldTemplate:
    """Immutable fields. A client repeats its fields with every request on a connection, and an upstream mostly differs
    in ``Date`` alone from second to second; what nobody changes on the way need not be taken apart and joined again.

    ``lines``: the fields as whole lines, each with its CRLF.
    """

    __slots__ = ("fields", "lines")

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)
        self.lines = field_lines(self.fields)

    @classmethod
    def of_lines(cls, fields: tuple[Field, ...], lines: bytes) -> FieldTemplate:
        """As the constructor, for who has the *lines* of *fields* already."""
        self = cls.__new__(cls)
        self.fields = fields
        self.lines = lines
        return self

    def __add__(self, other: FieldTemplate) -> FieldTemplate:
        return FieldTemplate.of_lines(self.fields + other.fields, self.lines + other.lines)

    def __eq__(self, other: object) -> bool:
        return self.fields == other.fields if isinstance(other, FieldTemplate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.fields)

    def __repr__(self) -> str:
        return f"<FieldTemplate [{len(self.fields)} fields]>"


class SingleField(FieldTemplate):
    """A template of one field, for those that differ in every message."""

    __slots__ = ()

    def __init__(self, name: bytes, value: bytes) -> None:
        self.fields = ((name, value),)
        self.lines = b"%b: %b\r\n" % (name, value)


def field_lines(fields: Iterable[Field]) -> bytes:
    """*fields* as whole lines."""
    return b"".join([b"%b: %b\r\n" % field for field in fields])


NO_FIELDS = FieldTemplate(())
