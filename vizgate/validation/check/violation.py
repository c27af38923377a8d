"""What is wrong with a message.

In: ``Violation``. Not in: finding them, counting them (``validation.report``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vizgate.validation.check.schema import Fault

#: More are not told of one message.
MAX_VIOLATIONS = 50

_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a message breaks.

    ``where``: path, query, header, cookie or body; of a body that is not taken at all, media_type. ``name``: the
    parameter, "" of a body. ``pointer``: JSON pointer into the body or the parameter's value, "" for the whole of it.
    ``detail``: words that show no value.
    """

    where: str
    detail: str
    name: str = ""
    pointer: str = ""

    def as_json(self) -> dict[str, str]:
        """The member of ``errors`` in a problem document."""
        told = {"in": self.where}
        if self.name:
            told["name"] = self.name[:_MAX_NAME]
        if self.where == "body" or self.pointer:
            told["pointer"] = self.pointer
        return {**told, "detail": self.detail}

    def __str__(self) -> str:
        return f"{f'{self.where} {self.name[:_MAX_NAME]}{self.pointer}'.strip()}: {self.detail}"


def violations_of(where: str, faults: Iterable[Fault], name: str = "") -> list[Violation]:
    """*faults* of a value, as violations of the message that it came in."""
    return [Violation(where, fault.detail, name, fault.pointer) for fault in faults]
