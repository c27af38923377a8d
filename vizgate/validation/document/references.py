"""Places in a document, and where its references lead.

In: ``Spot`` and ``References``. Not in: reading files (``document.files``) and what may stand at a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from vizgate.validation.check.pointer import Parts, read_pointer, write_pointer
from vizgate.validation.document.files import FileRefused, Folder, SourceFile
from vizgate.validation.document.problems import DocumentError, Problems

_MAX_HOPS = 32
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in a file, and where it stands."""

    file: SourceFile
    parts: Parts
    value: Any

    @property
    def key(self) -> tuple[str, Parts]:
        """What tells it from every other spot of one document."""
        return self.file.name, self.parts

    def child(self, part: str) -> Spot | None:
        """What stands under *part*; None when there is nothing."""
        value = _step(self.value, part)
        return None if value is _ABSENT else Spot(self.file, (*self.parts, part), value)

    def children(self) -> Iterator[tuple[str, Spot]]:
        """Everything under a mapping, in order; nothing under anything else."""
        if isinstance(self.value, dict):
            for part, value in self.value.items():
                yield part, Spot(self.file, (*self.parts, part), value)

    def items(self) -> Iterator[Spot]:
        """The items of a list; nothing of anything else."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Spot(self.file, (*self.parts, str(index)), value)

    def __str__(self) -> str:
        return f"{self.file.name}#{write_pointer(self.parts)}"


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part, _ABSENT)
    if isinstance(value, list) and part.isascii() and part.isdigit() and int(part[:9]) < len(value):
        return value[int(part[:9])]
    return _ABSENT


class References:
    """Follows ``$ref`` inside a folder of files; what is wrong is told to ``problems``."""

    def __init__(self, folder: Folder, problems: Problems) -> None:
        self._folder = folder
        self.problems = problems
        self.root = Spot(folder.main, (), folder.main.value)

    def tell(self, spot: Spot, message: str) -> None:
        """Say that something is wrong at *spot*."""
        self.problems.add(spot.file.name, f"#{write_pointer(spot.parts)}", message)

    def target(self, spot: Spot) -> Spot | None:
        """Where the ``$ref`` of *spot* leads, one hop; None when it leads nowhere, which is told."""
        reference = spot.value["$ref"]
        path, _, fragment = reference.partition("#")
        try:
            file = self._folder.open(spot.file, path)
            parts = read_pointer(unquote(fragment))
        except FileRefused as exc:
            self.tell(spot, f"the $ref {reference[:100]!r} {exc}")
            return None
        except DocumentError:
            raise  # a ValueError, too; it tells of the other file
        except ValueError:
            self.tell(spot, f"the $ref {reference[:100]!r} cannot be followed. Write FILE#/JSON/pointer")
            return None
        found: Spot | None = Spot(file, (), file.value)
        for part in parts:
            found = None if found is None else found.child(part)
        if found is None:
            self.tell(spot, f"the $ref {reference[:100]!r} leads to nothing. Check its spelling")
        return found

    def follow(self, spot: Spot) -> Spot | None:
        """The value that *spot* stands for, through all of its references; None when they lead nowhere."""
        found: Spot | None = spot
        for _ in range(_MAX_HOPS):
            if found is None or not is_reference(found.value):
                return found
            found = self.target(found)
        self.tell(spot, "the references go in a circle. Break it")
        return None


def is_reference(value: Any) -> bool:
    """Whether *value* is a mapping with a ``$ref``."""
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)
