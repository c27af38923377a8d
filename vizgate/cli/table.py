"""Columns of text.

In: ``table``, ``block``. Not in: what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(rows: Sequence[Sequence[str]], *, indent: str = "") -> str:
    """*rows*, all of one length, as left-aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    )


def block(title: str, lines: Iterable[str]) -> str:
    """*title* and below it *lines*, set in."""
    return "\n".join([title, *(f"  {line}" for line in lines)])
