"""Keys and values that the format has, but this version does not act on yet.

In: the one table of them, and refusing them with their place. Not in: keys that are no part of the format at all,
which the models refuse as unknown.

A setting that would be ignored is worse than one that is refused: a route with ``auth`` must not turn out public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vizgate.config.problems import Path, Place, Problem
from vizgate.config.text.nodes import Mapping, Node, Scalar, Sequence, child_of, to_plain

#: Matches any key or index of a pattern.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Later:
    """One row: *pattern* is a path with ``*`` for any part, *what* names it for people, with ``{}`` for the value.

    ``when``: only values for which this is true; a value is refused with its place, a key with its own.
    """

    pattern: str
    what: str
    when: Callable[[Any], bool] | None = None
    instead: str = "Remove it"


def _first_name(value: Any) -> str:
    """A text, or the first key of a mapping such as ``{hash: {on: ip}}``."""
    name = next(iter(value), "") if isinstance(value, dict) else value
    return name if isinstance(name, str) else ""


#: Everything that is refused, in the order of the format.
TABLE: tuple[Later, ...] = (
    Later("server.http2", "HTTP/2"),
    Later("observe.tracing", "tracing"),
)


def refuse(root: Node) -> list[Problem]:
    """Take everything in ``TABLE`` out of *root*, in place. Returns a problem for each."""
    problems: list[Problem] = []
    for row in TABLE:
        # All matches first: taking one away must not move the next.
        for path, parent, key in list(_matches(root, tuple(row.pattern.split(".")))):
            problem = _refused(row, path, parent, key)
            if problem is not None:
                problems.append(problem)
    return problems


def _refused(row: Later, path: Path, parent: Mapping | Sequence, key: str | int) -> Problem | None:
    node = child_of(parent, key)
    if node is None or (isinstance(node, Scalar) and node.broken):
        return None
    if row.when is not None and not row.when(to_plain(node)):
        return None
    message = f"{row.what.format(_first_name(to_plain(node)))} is not supported yet. {row.instead}"
    place: Place = node.place
    if row.when is None and isinstance(parent, Mapping):
        message = f"{key} ({row.what}) is not supported yet. {row.instead}"
        place = parent.key_places[str(key)]
        parent.take(str(key))
    elif isinstance(parent, Mapping):
        parent.entries[str(key)] = Scalar(None, place, broken=True)
        parent.incomplete = True
    else:
        parent.items[int(key)] = Scalar(None, place, broken=True)
    return Problem(place, path, message)


def _matches(root: Node, pattern: tuple[str, ...]) -> Iterator[tuple[Path, Mapping | Sequence, str | int]]:
    found: list[tuple[Path, Node]] = [((), root)]
    for part in pattern[:-1]:
        found = [((*path, key), child) for path, node in found for key, child in _children(node, part)]
    for path, node in found:
        if not isinstance(node, Scalar):
            for key, _ in _children(node, pattern[-1]):
                yield (*path, key), node, key


def _children(node: Node, part: str) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, Scalar):
        return
    if part != ANY:
        child = child_of(node, part) if isinstance(node, Mapping) else None
        if child is not None:
            yield part, child
    elif isinstance(node, Mapping):
        yield from node.entries.items()
    else:
        yield from enumerate(node.items)
