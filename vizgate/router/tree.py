"""The routes of one host as a tree of path segments.

In: building the tree, and walking it. Not in: hosts, methods and conditions (``router.router``).

A node of the tree is reached by one way only, so one walk visits no node twice and never looks further than the longest
template: the cost is bounded by the routes, whatever the path. Where a path could take several ways the walk comes by
them in order of precedence.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from vizgate.message.target import decode_segment, is_plain_path
from vizgate.router.rule import Match, RulePlan
from vizgate.router.template import VALUE_TESTS, Kind, Segment

_T = TypeVar("_T")

_END = -1

_DirectEntry = tuple[dict[str, Match[_T] | None], Match[_T] | None]


class Leaf(Generic[_T]):
    """The rules of one template shape: for each method those to try, in order."""

    __slots__ = ("by_method", "others", "plans")

    def __init__(self, plans: Iterable[RulePlan[_T]]) -> None:
        self.plans = tuple(sorted(plans, key=lambda plan: plan.rank))
        self.others = tuple(plan for plan in self.plans if plan.methods is None)
        named = {method for plan in self.plans for method in plan.methods or ()}
        #: Rules for all methods come along; a method that is missing has ``others`` alone.
        self.by_method = {
            method: tuple(plan for plan in self.plans if plan.methods is None or method in plan.methods)
            for method in named
        }


class Node(Generic[_T]):
    """What may follow a beginning of a path.

    ``depth`` is the index of the segment to look at next; negative where the rest of the path is taken already.
    """

    __slots__ = ("affixed", "depth", "leaf", "literals", "rest", "text", "typed")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.leaf: Leaf[_T] | None = None
        self.literals: dict[str, Node[_T]] = {}
        # The ways below have the lowest precedence first, because the walk takes the last one put on its stack.
        self.rest: Node[_T] | None = None
        self.text: Node[_T] | None = None
        self.typed: tuple[tuple[Callable[..., object], Node[_T]], ...] = ()
        self.affixed: tuple[_AffixGroup[_T], ...] = ()


class _AffixGroup(Generic[_T]):
    """Parameters of one kind with fixed text of the same lengths around them: one look-up for all of them."""

    __slots__ = ("_is_value", "_start", "_suffix_size", "_table")

    def __init__(self, kind: Kind, table: dict[tuple[str, str], Node[_T]]) -> None:
        self._is_value = VALUE_TESTS[kind]
        self._table = table
        prefix, suffix = next(iter(table))
        self._start, self._suffix_size = len(prefix), len(suffix)

    def find(self, text: str) -> Node[_T] | None:
        """Where the decoded segment *text* leads; at most one member can take it."""
        end = len(text) - self._suffix_size
        if end <= self._start:
            return None
        node = self._table.get((text[: self._start], text[end:]))
        return node if node is not None and self._is_value(text, self._start, end) else None


class Tree(Generic[_T]):
    """The rules of one host pattern.

    ``direct`` answers for fixed paths without conditions from the raw bytes of the path: by method, and for all others.
    """

    __slots__ = ("_root", "depth", "direct")

    def __init__(self, root: Node[_T], depth: int, direct: dict[bytes, _DirectEntry[_T]]) -> None:
        self._root = root
        self.depth = depth
        self.direct = direct

    @classmethod
    def steps(cls, plans: Iterable[RulePlan[_T]]) -> Generator[None, None, Tree[_T]]:
        """The tree of *plans*, made in many small steps, so that others may have their turn in between."""
        builder: _Builder[_T] = _Builder()
        for plan in plans:
            builder.add(plan)
            yield
        root = yield from builder.finish()
        direct = {}
        for path, entry in _direct_entries(builder.leaves):
            direct[path] = entry
            yield
        return cls(root, builder.depth, direct)

    def leaves(self, segments: Sequence[str]) -> Iterator[Leaf[_T]]:
        """The rules whose template takes the path, by precedence.

        Args: segments: of a path in normal form, split at slashes ``depth`` times at least.
        """
        size = len(segments)
        stack = [self._root]
        while stack:
            node = stack.pop()
            depth = node.depth
            if depth == size or depth < 0:
                if node.leaf is not None:
                    yield node.leaf
                continue
            segment = segments[depth]
            if node.rest is not None:
                stack.append(node.rest)
            if node.text is not None and segment:
                stack.append(node.text)
            for is_value, child in node.typed:
                if is_value(segment):
                    stack.append(child)
            if node.affixed:
                # Decoded first, so that fixed text never begins or ends inside a triplet.
                text = decode_segment(segment)
                for group in node.affixed:
                    found = group.find(text)
                    if found is not None:
                        stack.append(found)
            found = node.literals.get(segment)
            if found is not None:
                stack.append(found)


class _Draft(Generic[_T]):
    """A node while the tree is built: its ways by the key of their segment."""

    __slots__ = ("plans", "ways")

    def __init__(self) -> None:
        self.plans: list[RulePlan[_T]] = []
        self.ways: dict[Any, tuple[Segment, _Draft[_T]]] = {}


class _Builder(Generic[_T]):
    """Collects rules and turns them into nodes."""

    def __init__(self) -> None:
        self._root: _Draft[_T] = _Draft()
        self.depth = 1
        self.leaves: list[Leaf[_T]] = []

    def add(self, plan: RulePlan[_T]) -> None:
        draft = self._root
        for segment in plan.template.segments:
            _, draft = draft.ways.setdefault(segment.key, (segment, _Draft()))
        draft.plans.append(plan)

    def finish(self) -> Generator[None, None, Node[_T]]:
        # A path begins with a slash, so its first segment is empty and the second, with index 1, is the first to match.
        return self._node(self._root, 1)

    def _node(self, draft: _Draft[_T], depth: int) -> Generator[None, None, Node[_T]]:
        yield
        node: Node[_T] = Node(depth)
        self.depth = max(self.depth, depth)
        if draft.plans:
            node.leaf = Leaf(draft.plans)
            self.leaves.append(node.leaf)
        typed: list[tuple[Callable[..., object], Node[_T]]] = []
        groups: dict[Any, tuple[Kind, dict[tuple[str, str], Node[_T]]]] = {}
        for key in sorted(draft.ways, reverse=True):
            # Taken out, so that drafts go one by one and not all at the end.
            segment, below = draft.ways.pop(key)
            child = yield from self._node(below, _END if segment.kind is Kind.PATH else depth + 1)
            if segment.kind is Kind.LITERAL:
                node.literals[segment.prefix] = child
            elif segment.kind is Kind.PATH:
                node.rest = child
            elif not segment.is_bare:
                affixes = (decode_segment(segment.prefix), decode_segment(segment.suffix))
                groups.setdefault((key[:5], len(affixes[0])), (segment.kind, {}))[1][affixes] = child
            elif segment.kind is Kind.STR:
                node.text = child
            else:
                typed.append((VALUE_TESTS[segment.kind], child))
        node.typed = tuple(typed)
        node.affixed = tuple(_AffixGroup(kind, table) for kind, table in groups.values())
        return node


def _direct_entries(leaves: Iterable[Leaf[_T]]) -> Iterator[tuple[bytes, _DirectEntry[_T]]]:
    for leaf in leaves:
        literal = leaf.plans[0].template.literal
        path = b"" if literal is None else literal.encode("utf-8", "surrogateescape")
        if is_plain_path(path):
            yield path, ({method: _first(plans) for method, plans in leaf.by_method.items()}, _first(leaf.others))


def _first(plans: Sequence[RulePlan[_T]]) -> Match[_T] | None:
    """The match of the first of *plans* when it always holds, else None: then it takes a search."""
    return plans[0].fixed() if plans and plans[0].is_free else None
