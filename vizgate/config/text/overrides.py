"""Values from the command line and the environment, laid over the tree of the YAML.

In: ``VIZGATE_SERVER__WORKERS=2`` and ``{"server.workers": 2}``, with problems that name their source. Not in:
``${NAME}`` inside the YAML (``variables``).
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from vizgate.config.problems import Path, Place, Problem, shown
from vizgate.config.text import yaml_reader
from vizgate.config.text.nodes import Mapping, Node, Scalar, Sequence, child_of

PREFIX = "VIZGATE_"
_SEPARATOR = "__"
_COMMAND_LINE = Place("command line")


def apply_environment(root: Mapping, environment: AnyMapping[str, str]) -> list[Problem]:
    """Lay every variable ``VIZGATE_A__B`` over ``a.b`` of *root*, in place. Returns what is wrong.

    A name without a double underscore is left alone: container platforms set such (``VIZGATE_PORT``) for a service
    that is called vizgate. A value that begins with ``[`` or ``{`` is YAML; every other is one text or number.
    """
    problems: list[Problem] = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and _SEPARATOR in name.removeprefix(PREFIX):
            parts = name.removeprefix(PREFIX).split(_SEPARATOR)
            if all(parts):
                place = Place(name)
                _apply(root, parts, _from_text(environment[name], place, problems), place, problems)
    return problems


def apply_command_line(root: Mapping, overrides: AnyMapping[str, Any]) -> list[Problem]:
    """Lay ``{"a.b": value}`` over *root*, in place; a value may be a scalar, list or dict. Returns what is wrong."""
    problems: list[Problem] = []
    for dotted, value in overrides.items():
        _apply(root, dotted.split("."), _from_value(value), _COMMAND_LINE, problems)
    return problems


def _from_text(text: str, place: Place, problems: list[Problem]) -> Node:
    if not text.lstrip().startswith(("[", "{")):
        return Scalar(text, place, plain=False, raw=place.source)
    document = yaml_reader.read(text, place.source)
    problems += [Problem(place, (), problem.message) for problem in document.problems]
    root = document.root if document.root is not None else Scalar(None, place, broken=True)
    _set_place(root, place)
    return root


def _set_place(node: Node, place: Place) -> None:
    node.place = place
    if isinstance(node, Scalar):
        return
    if isinstance(node, Mapping):
        node.key_places = dict.fromkeys(node.key_places, place)
    for child in node.entries.values() if isinstance(node, Mapping) else node.items:
        _set_place(child, place)


def _from_value(value: Any) -> Node:
    if isinstance(value, AnyMapping):
        entries = {str(key): _from_value(child) for key, child in value.items()}
        return Mapping(_COMMAND_LINE, entries, dict.fromkeys(entries, _COMMAND_LINE))
    if isinstance(value, (list, tuple)):
        return Sequence([_from_value(child) for child in value], _COMMAND_LINE)
    # A text of the command line may spell a number, as one of the environment may.
    return Scalar(value, _COMMAND_LINE, plain=False, raw=value if isinstance(value, str) else "")


def _apply(root: Mapping, parts: list[str], value: Node, place: Place, problems: list[Problem]) -> None:
    node: Mapping | Sequence = root
    path: Path = ()
    for number, part in enumerate(parts):
        key = _key_like(part, node) if isinstance(node, Mapping) else _index(part, node)
        if key is None:
            message = f"no entry {shown(part)} in a list of {_length(node)}. Write a number from 0"
            problems.append(Problem(place, path, message))
            return
        path = (*path, key)
        if number == len(parts) - 1:
            _put(node, key, place, value)
            return
        child = child_of(node, key)
        # What wins may need a mapping where the YAML has a short form or nothing.
        if child is None or isinstance(child, Scalar):
            child = Mapping(place)
            _put(node, key, place, child)
        node = child


def _put(node: Mapping | Sequence, key: str | int, place: Place, value: Node) -> None:
    if isinstance(node, Mapping):
        node.put(str(key), place, value)
    else:
        node.items[int(key)] = value


def _length(node: Mapping | Sequence) -> int:
    return len(node.entries if isinstance(node, Mapping) else node.items)


def _index(part: str, node: Sequence) -> int | None:
    index = int(part) if part.isascii() and part.isdigit() and len(part) < 7 else -1
    return index if 0 <= index < len(node.items) else None


def _key_like(part: str, node: Mapping) -> str:
    """The key of *node* that an environment variable, which has only capitals and underscores, can mean by *part*."""
    if part in node.entries:
        return part
    wanted = part.lower()
    return next((key for key in node.entries if key.lower().replace("-", "_") == wanted), wanted)
