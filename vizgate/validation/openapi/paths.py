"""Which path of a document a request means.

In: path templates of OpenAPI, and ``PathTable``. Not in: the routes of the gateway (``router``): a document's templates
may have several parameters in a segment, any name, and no types.

Fixed text comes before parameters, segment by segment from the left. OpenAPI 3.1.1, 4.8.8.2: "concrete (non-templated)
paths would be matched before their templated counterparts". Both sides are compared in normal form (see
``message.target``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from vizgate.message.target import BadPath, decode_segment, normalize_path

_T = TypeVar("_T")
_PARAMETER = re.compile(r"\{([^{}/]+)\}")


class BadTemplate(ValueError):
    """A path template that cannot be read; the message says why, and what to do."""


class Pattern(NamedTuple):
    """A segment with parameters: fixed texts, one more than there are *names*, with a parameter between each two."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]

    def match(self, text: str) -> list[str] | None:
        """The value of each parameter in the decoded *text*, none empty; None when it does not match.

        A value ends where the next fixed text stands first, so this takes time in proportion to the text.
        """
        first, *rest = self.fixed
        if not text.startswith(first):
            return None
        values, at = [], len(first)
        for number, after in enumerate(rest, 1):
            is_last = number == len(rest)
            end = len(text) - len(after) if is_last else text.find(after, at + 1)
            if end <= at or not text.startswith(after, end):
                return None
            values.append(text[at:end])
            at = end + len(after)
        return values


@dataclass(slots=True)
class _Node(Generic[_T]):
    literals: dict[str, _Node[_T]] = field(default_factory=dict)
    patterns: list[tuple[Pattern, _Node[_T]]] = field(default_factory=list)
    entry: _T | None = None


class PathTable(Generic[_T]):
    """Entries by path template."""

    def __init__(self) -> None:
        self._root: _Node[_T] = _Node()
        self._taken: set[str] = set()

    def add(self, prefix: str, template: str, entry: _T) -> None:
        """Have *entry* found under *template*, before which *prefix* stands; parameters in a prefix take any segment.

        Raises: BadTemplate: it cannot be read, or stands for the same paths as one that is there.
        """
        shape = _PARAMETER.sub("{}", prefix + template)
        if shape in self._taken:
            raise BadTemplate("stands for the same paths as another template. Keep one of them")
        self._taken.add(shape)
        node = self._root
        for piece in _pieces(prefix) if prefix else ():
            node = _below(node, piece, named=False)
        for piece in _pieces(template):
            node = _below(node, piece, named=True)
        node.entry = entry

    def find(self, path: str) -> tuple[_T, dict[str, list[str]]] | None:
        """The entry for *path*, which is in normal form, and the values of its parameters."""
        segments = path.split("/")
        values: list[tuple[str, str]] = []
        entry = _search(self._root, segments, 1, values)
        return None if entry is None else (entry, {name: [value] for name, value in values if name})

    def __repr__(self) -> str:
        return f"<PathTable [{len(self._root.literals)} first segments]>"


def _search(node: _Node[_T], segments: list[str], index: int, values: list[tuple[str, str]]) -> _T | None:
    # No node is looked at twice: there is one way to each. So this is bounded by the number of templates.
    if index == len(segments):
        return node.entry
    segment = segments[index]
    child = node.literals.get(segment)
    if child is not None:
        entry = _search(child, segments, index + 1, values)
        if entry is not None:
            return entry
    for pattern, below in node.patterns:
        found = pattern.match(decode_segment(segment))
        if found is None:
            continue
        mark = len(values)
        values.extend(zip(pattern.names, found, strict=True))
        entry = _search(below, segments, index + 1, values)
        if entry is not None:
            return entry
        del values[mark:]
    return None


def _below(node: _Node[_T], piece: str, *, named: bool) -> _Node[_T]:
    pattern = _parse(piece, named=named)
    if pattern is None:
        return node.literals.setdefault(_fixed(piece), _Node())
    for known, child in node.patterns:
        if known == pattern:
            return child
    below: _Node[_T] = _Node()
    node.patterns.append((pattern, below))
    node.patterns.sort(key=lambda item: -sum(map(len, item[0].fixed)))
    return below


def _pieces(template: str) -> list[str]:
    if not template.startswith("/"):
        raise BadTemplate("does not begin with a slash. Write one")
    if "?" in template or "#" in template:
        raise BadTemplate("has a query or a fragment. Parameters of the query go to `parameters`")
    return template[1:].split("/")


def _parse(piece: str, *, named: bool) -> Pattern | None:
    """The pattern of a segment; None when it is fixed text."""
    parts = _PARAMETER.split(piece)
    fixed, names = parts[::2], parts[1::2]
    if any("{" in text or "}" in text for text in fixed):
        raise BadTemplate("has a brace that is no parameter. Write {name}, a whole segment or a part of one")
    if not names:
        return None
    if any(not text for text in fixed[1:-1]):
        raise BadTemplate("has two parameters side by side. Put text between them")
    return Pattern(tuple(fixed), tuple(name if named else "" for name in names))


def _fixed(piece: str) -> str:
    """The normal form of a segment of fixed text."""
    if not piece:
        return piece
    try:
        return normalize_path(b"/" + piece.encode())[1:]
    except BadPath as exc:
        raise BadTemplate(f"cannot be matched: {exc.detail}. Change it") from None
