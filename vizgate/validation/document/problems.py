"""What is wrong with a document, and where.

In: ``DocumentProblem``, ``DocumentError`` and their collector. Not in: finding problems.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vizgate.errors import VizgateError

#: More are not told: whoever has mended these asks again.
MAX_PROBLEMS = 30


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One thing that is wrong: the file, the place in it, and what to do about it.

    ``place``: ``#`` and a JSON pointer, or ``:LINE:COLUMN`` where the text itself is broken.
    """

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}{self.place}: {self.message}"


class DocumentError(VizgateError, ValueError):
    """A document that cannot be used; ``problems`` has what is wrong with it."""

    def __init__(self, problems: Iterable[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_told(self.problems))


def _told(problems: tuple[DocumentProblem, ...]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    return "\n".join([f"{len(problems)} problems:", *(f"  {problem}" for problem in problems)])


class Problems:
    """Collects problems while a document is read, so that all of them are told at once."""

    def __init__(self) -> None:
        self.found: list[DocumentProblem] = []

    def add(self, file: str, place: str, message: str) -> None:
        """Remember one. Raises: DocumentError: there are ``MAX_PROBLEMS`` now."""
        problem = DocumentProblem(file, place, message)
        if problem not in self.found:
            self.found.append(problem)
        if len(self.found) >= MAX_PROBLEMS:
            raise DocumentError(self.found)

    def raise_any(self) -> None:
        """Raise DocumentError when something was found."""
        if self.found:
            raise DocumentError(self.found)

    def __repr__(self) -> str:
        return f"<Problems [{len(self.found)}]>"
