"""The tree of a configuration text: values with their places.

In: ``Scalar``, ``Sequence``, ``Mapping``, walking and turning them into plain values. Not in: reading YAML (``yaml``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vizgate.config.problems import Path, Place
from vizgate.extension.values.fields import Defaulted, Expanded


@dataclass(slots=True)
class Scalar:
    """A text, number, flag or nothing.

    ``raw``: what stands in the text when the value came out of a variable (``${TOKEN}``); it is shown in place of the
    value, which may be a secret. ``by_default``: some of it is a default that stands there, too (``${TOKEN:-x}``).
    ``broken``: a problem was found here already, so nothing more is said about the value.
    """

    value: str | int | float | bool | None
    place: Place
    plain: bool = True
    raw: str = ""
    by_default: bool = False
    broken: bool = False


@dataclass(slots=True)
class Sequence:
    """A list."""

    items: list[Node]
    place: Place


@dataclass(slots=True)
class Mapping:
    """Keys in order, each with the place of the key and its value.

    ``incomplete``: keys were refused and taken away, so that a missing key is no problem of its own.
    """

    place: Place
    entries: dict[str, Node] = field(default_factory=dict)
    key_places: dict[str, Place] = field(default_factory=dict)
    incomplete: bool = False

    def put(self, key: str, key_place: Place, node: Node) -> None:
        """Set *key*; one that is there is replaced."""
        self.entries[key] = node
        self.key_places[key] = key_place

    def take(self, key: str) -> None:
        """Remove *key* because of a problem with it."""
        del self.entries[key]
        self.incomplete = True


Node = Scalar | Sequence | Mapping


def to_plain(node: Node) -> Any:
    """*node* as dicts, lists and scalars; recursion is safe because depth was bounded when the text was read."""
    if isinstance(node, Mapping):
        return {key: to_plain(child) for key, child in node.entries.items()}
    if isinstance(node, Sequence):
        return [to_plain(child) for child in node.items]
    if node.raw and isinstance(node.value, str):
        return Defaulted(node.value) if node.by_default else Expanded(node.value)
    return node.value


def child_of(node: Node, part: str | int) -> Node | None:
    """The value under *part*, or None."""
    if isinstance(node, Mapping):
        return node.entries.get(str(part))
    if isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def find(root: Node, path: Path) -> Node | None:
    """The value at *path*, or None."""
    node: Node | None = root
    for part in path:
        if node is None:
            return None
        node = child_of(node, part)
    return node


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar under *node*."""
    if isinstance(node, Scalar):
        yield node
        return
    for child in node.entries.values() if isinstance(node, Mapping) else node.items:
        yield from scalars(child)
