"""What is wrong with a configuration, and where.

In: ``Problem``, ``ConfigError``, how a path is written, did-you-mean. Not in: finding problems (``load``,
``validate``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vizgate.errors import VizgateError

#: Keys and indices from the root of the document: ``("routes", 2, "service")``.
Path = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_\-]+", re.ASCII)
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written: a line and a column of a file (both from 1), or, with line 0, another source.

    ``source`` is the name of the file, of the environment variable, or ``command line``.
    """

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what to do about it."""

    place: Place
    path: Path
    message: str

    def __str__(self) -> str:
        return f"{self.place} {format_path(self.path)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong at *path*; ``other``: the part it clashes with, if any, told where ``{other}`` stands."""

    path: Path
    message: str
    other: Path = ()


class ConfigError(VizgateError, ValueError):
    """A configuration that cannot be used; ``problems`` has everything that is wrong with it, in order of place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_order))
        super().__init__("\n".join(map(str, self.problems)))


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    place = problem.place
    # What the file says comes first, then the environment and the command line, which have no line.
    return (place.line == 0, place.source, place.line, place.column)


def format_path(path: Path) -> str:
    """*path* as people write it: ``routes[2].match.headers["x.y"]``; the root is ``(document)``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{shown(part)}]"
    return text or "(document)"


def shown(text: str) -> str:
    """*text* for a message: quoted, control characters escaped, and cut when it is long."""
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` with the known word nearest to *word*, or nothing when none is near."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:_MAX_SHOWN], by_lower, n=1, cutoff=0.6)
    return f" Did you mean {shown(by_lower[near[0]])}?" if near else ""


def unknown_name(kind: str, name: str, known: Sequence[str], under: str = "") -> str:
    """That nothing of *kind* has *name*, and what to do. Args: under: the key that defines them, default ``KINDs``."""
    remedy = f" Define it under {under or f'{kind}s'}"
    if known:
        remedy = did_you_mean(name, known) or f" There are: {listing(known)}"
    return f"no {kind} named {shown(name)}.{remedy}"


def listing(names: Iterable[str], limit: int = 12) -> str:
    """``a, b, c`` in order, cut after *limit*."""
    ordered = list(names)
    more = ", ..." if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more
