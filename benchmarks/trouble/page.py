"""Tables of a page that a program writes anew, between marks.

In: ``write_measured``, ``table``. Not in: what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def row(cells: Iterable[object]) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table; the first column is text, the others are numbers."""
    return "\n".join([row(head), row(["---", *["---:"] * (len(head) - 1)]), *map(row, rows)]) + "\n"


def write_measured(page: Path, text: str) -> None:
    """Put *text* between the marks of *page*."""
    begin, rest = page.read_text(encoding="utf-8").split(_BEGIN)
    page.write_text(f"{begin}{_BEGIN}\n{text}{_END}{rest.split(_END)[1]}", encoding="utf-8")
