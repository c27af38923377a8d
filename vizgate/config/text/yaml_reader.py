"""YAML into a tree of nodes with places: a safe subset, read event by event.

In: building the tree, with bounds on size, depth, values and aliases. Not in: the events themselves (``events``), what
a plain scalar stands for (``scalars``), variables (``variables``) and the meaning of keys (``model``).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from vizgate.config.problems import Path, Place, Problem, shown
from vizgate.config.text.events import MAX_DEPTH, TOO_DEEP, Fault, events, place_of
from vizgate.config.text.nodes import Mapping, Node, Scalar, Sequence
from vizgate.config.text.scalars import resolve

MAX_VALUES = 100_000
#: How many values all aliases together may repeat: generous for people, far too few for a bomb.
MAX_ALIASED_VALUES = 20_000
MAX_PROBLEMS = 100

_MERGE = "<<"


class _Stop(Exception):  # leaves the loop over events; nobody else sees it
    """Nothing more can be read."""


@dataclass(slots=True)
class Document:
    """A text that was read: its tree, None when there is none, and what is wrong so far."""

    root: Node | None
    problems: list[Problem]


def read(text: str, name: str) -> Document:
    """The tree of *text*. Never raises; every fault becomes a problem, named after *name*."""
    builder = _Builder(name)
    try:
        for event in events(text, name):
            builder.take(event)
    except Fault as fault:
        builder.problems.append(fault.problem)
        return Document(None, builder.problems)
    except _Stop:
        return Document(None, builder.problems)
    return Document(builder.root, builder.problems)


@dataclass(slots=True)
class _ListFrame:
    """An open list. ``weight``: how many values it holds so far, its own included."""

    node: Sequence
    path: Path
    anchor: str | None
    weight: int = 1


@dataclass(slots=True)
class _MapFrame:
    """An open mapping; its next value belongs to ``key``, and is dropped when the key was refused (``skip``)."""

    node: Mapping
    path: Path
    anchor: str | None
    weight: int = 1
    key: str | None = None
    skip: bool = False
    merges: list[Node] = field(default_factory=list)


class _Builder:
    """Builds the tree from events, with a stack of its own instead of recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._stack: list[_ListFrame | _MapFrame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._values = 0
        self._aliased = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """One event. Raises: _Stop: a bound was passed."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(
                    place_of(self.name, event.start_mark),
                    (),
                    "a second document begins. Keep one per file; remove '---'",
                )

    # --- what events do

    def _scalar(self, event: Any) -> None:
        place = place_of(self.name, event.start_mark)
        plain = event.implicit[0]
        self._check_tag(event, place)
        frame = self._frame_wanting_key()
        if frame is not None:
            self._key(frame, event.value, place)
            return
        self._count(place)
        self._place_node(Scalar(resolve(event.value) if plain else event.value, place, plain), event.anchor, 1)

    def _open(self, event: Any) -> None:
        place, path = place_of(self.name, event.start_mark), self._path()
        self._check_tag(event, place)
        self._count(place)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(place, path[:8], TOO_DEEP)
        if self._frame_wanting_key() is not None:
            self._stop(place, path, "a list or mapping cannot be a key. Write a text")
        if isinstance(event, yaml.MappingStartEvent):
            self._stack.append(_MapFrame(Mapping(place), path, event.anchor))
        else:
            self._stack.append(_ListFrame(Sequence([], place), path, event.anchor))

    def _close(self) -> None:
        frame = self._stack.pop()
        if isinstance(frame, _MapFrame):
            self._merge(frame)
        self._place_node(frame.node, frame.anchor, frame.weight)

    def _alias(self, event: Any) -> None:
        place, path = place_of(self.name, event.start_mark), self._path()
        if self._frame_wanting_key() is not None:
            self._stop(place, path, "an alias cannot be a key. Write a text")
        if any(open_frame.anchor == event.anchor for open_frame in self._stack):
            self._stop(place, path, f"*{event.anchor} refers to the value it stands in. Remove it")
        if event.anchor not in self._anchors:
            self._problem(place, path, f"there is no anchor &{event.anchor} above. Define it, or write the value")
            self._place_node(Scalar(None, place, broken=True), None, 1)
            return
        node, weight = self._anchors[event.anchor]
        self._aliased += weight
        if self._aliased > MAX_ALIASED_VALUES:
            self._stop(place, path, f"aliases repeat more than {MAX_ALIASED_VALUES} values. Write fewer of them")
        # A copy, because overrides and refused keys change nodes in place.
        self._place_node(copy.deepcopy(node), None, weight)

    # --- parts

    def _frame_wanting_key(self) -> _MapFrame | None:
        frame = self._stack[-1] if self._stack else None
        return frame if isinstance(frame, _MapFrame) and frame.key is None else None

    def _key(self, frame: _MapFrame, key: str, place: Place) -> None:
        frame.key, frame.skip = key, False
        if key in frame.node.key_places and key != _MERGE:
            line = frame.node.key_places[key].line
            self._problem(place, (*frame.path, key), f"duplicate key, first written at line {line}. Remove one of them")
            frame.skip = True
        elif not key:
            self._problem(place, frame.path, "a key is empty. Write a name before ':'")
            frame.skip = True
        else:
            frame.node.key_places[key] = place

    def _place_node(self, node: Node, anchor: str | None, weight: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, weight)
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        frame.weight += weight
        if isinstance(frame, _ListFrame):
            frame.node.items.append(node)
            return
        key, frame.key = frame.key or "", None
        if key == _MERGE:
            frame.merges += node.items if isinstance(node, Sequence) else [node]
        elif not frame.skip:
            frame.node.entries[key] = node

    def _merge(self, frame: _MapFrame) -> None:
        """Take over the keys of merged mappings that are not there; the first mapping wins (YAML 1.1 merge key)."""
        frame.node.key_places.pop(_MERGE, None)
        for source in frame.merges:
            if not isinstance(source, Mapping):
                message = "'<<' takes a mapping or a list of them, usually an alias. Write '<<: *name'"
                self._problem(source.place, frame.path, message)
                continue
            for key, node in source.entries.items():
                if key not in frame.node.entries:
                    frame.node.put(key, source.key_places[key], node)

    def _check_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._problem(
                place, self._path(), f"tags are refused: {shown(tag)}. Remove it; quote the value if it is a text"
            )

    def _path(self) -> Path:
        """The path of the value that comes next."""
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if isinstance(frame, _ListFrame):
            return (*frame.path, len(frame.node.items))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _count(self, place: Place) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            self._stop(place, (), f"there are more than {MAX_VALUES} values. Write fewer of them")

    def _problem(self, place: Place, path: Path, message: str) -> None:
        self.problems.append(Problem(place, path, message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop

    def _stop(self, place: Place, path: Path, message: str) -> NoReturn:
        self.problems.append(Problem(place, path, message))
        raise _Stop
