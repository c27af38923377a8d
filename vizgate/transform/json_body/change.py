"""Changes to JSON documents.

In: ``JsonChange``, from bytes to bytes. Not in: settings (``transform.json_body.config``) and bodies that are still
arriving (``transform.json_body.middleware``).

What a document leaves as is no longer ambiguous: of a key that stands twice, the last counts for everybody behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from vizgate.transform.json_body.config import JsonChanges
from vizgate.transform.json_body.path import parse_path

#: Keys, each with those below it that are meant; None for all.
_Tree = Mapping[str, Any]
_NOTHING: Any = object()


class NotJson(ValueError):
    """What should be JSON is not, or is nested too deeply to be looked at."""


class JsonChange:
    """The change that *config* describes, compiled."""

    __slots__ = ("_dropped", "_picked", "_renamed", "_wrap")

    def __init__(self, config: JsonChanges) -> None:
        self._picked = None if config.pick is None else _tree(config.pick)
        self._dropped = _tree(config.drop)
        self._renamed = [(*_parted(path), new) for path, new in config.rename.items()]
        self._wrap = config.wrap

    def apply(self, data: bytes) -> bytes:
        """The changed document. Raises: NotJson: *data* is none."""
        try:
            return _encode(self.change(_decode(data)))
        except (ValueError, RecursionError) as exc:
            raise NotJson(str(exc)) from exc

    def change(self, value: Any) -> Any:
        """The changed *value*; parts of the old one may be in it."""
        if self._picked is not None:
            value = _pick(value, self._picked)
            value = None if value is _NOTHING else value
        if self._dropped:
            value = _drop(value, self._dropped)
        for parents, old, new in self._renamed:
            value = _rename(value, parents, old, new)
        return value if self._wrap is None else {self._wrap: value}


def _parted(path: str) -> tuple[list[str], str]:
    *parents, last = parse_path(path)
    return parents, last


def _tree(paths: Iterable[str]) -> _Tree:
    """*paths* as a tree; one that is the beginning of another stands for both."""
    tree: dict[str, Any] = {}
    for *parents, last in sorted(map(parse_path, paths), key=len):
        node: Any = tree
        for key in parents:
            node = node.setdefault(key, {})
            if node is None:
                break
        else:
            node[last] = None
    return tree


def _pick(value: Any, tree: _Tree) -> Any:
    if isinstance(value, dict):
        found = {key: _below(value[key], tree[key]) for key in value if key in tree}
        return {key: item for key, item in found.items() if item is not _NOTHING}
    if isinstance(value, list):
        return [item for item in (_pick(item, tree) for item in value) if item is not _NOTHING]
    return _NOTHING


def _below(value: Any, tree: _Tree | None) -> Any:
    return value if tree is None else _pick(value, tree)


def _drop(value: Any, tree: _Tree) -> Any:
    if isinstance(value, dict):
        return {
            key: _drop(item, tree[key]) if key in tree else item
            for key, item in value.items()
            if key not in tree or tree[key] is not None
        }
    if isinstance(value, list):
        return [_drop(item, tree) for item in value]
    return value


def _rename(value: Any, parents: list[str], old: str, new: str) -> Any:
    if isinstance(value, list):
        return [_rename(item, parents, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    if parents:
        first, *rest = parents
        return {key: _rename(item, rest, old, new) if key == first else item for key, item in value.items()}
    if old not in value or old == new:
        return value
    # In its place; what had the new name before is gone.
    return {new if key == old else key: item for key, item in value.items() if key != new}


def _decode(data: bytes) -> Any:
    # Not the bytes themselves: RFC 8259 8.1 wants UTF-8, and the module would take UTF-16, too.
    return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _encode(value: Any) -> bytes:
    """Raises: ValueError: a number is too large to be written."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only escape
        return json.dumps(value, separators=(",", ":")).encode("ascii")
