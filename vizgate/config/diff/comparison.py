"""Compares settings, whatever they are about.

In: ``Comparison``. Not in: what a whole configuration needs beside (``config.diff.changes``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from vizgate.config.diff.change import Change, ChangeKind
from vizgate.config.diff.identity import ORDERED, named
from vizgate.config.diff.text import Notation
from vizgate.config.problems import Path
from vizgate.extension.contract import OpenConfig

_ADDED, _REMOVED, _CHANGED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED
_EMPTY: tuple[Any, ...] = (None, (), {})


class Comparison:
    """Compares settings of an old configuration with those of a new one. Args: old, new: how each is written."""

    def __init__(self, old: Notation, new: Notation) -> None:
        self._old = old
        self._new = new

    def models(
        self, old: BaseModel, new: BaseModel, path: Path, skip: Callable[[str, Any, Any], bool] = lambda *_: False
    ) -> Iterator[Change]:
        """What is different about two models of one class. Args: skip: says of a field and its values to pass it by."""
        for name, info in type(old).model_fields.items():
            value, other = getattr(old, name), getattr(new, name)
            if value is other or value == other or skip(name, value, other):
                continue
            at = (*path, info.alias or name)
            inside = self._inside(value, other, at)
            yield from self._field(old, new, name, at) if inside is None else inside
        if isinstance(old, OpenConfig) and isinstance(new, OpenConfig):
            yield from self.mappings(old.settings, new.settings, path)

    def mappings(self, old: Mapping[str, Any], new: Mapping[str, Any], path: Path) -> Iterator[Change]:
        """What is different about two mappings, by key."""
        for key, value in old.items():
            at = (*path, str(key))
            if key not in new:
                yield Change(_REMOVED, at, old=self._old.whole(value, at))
            elif value is not new[key] and value != new[key]:
                inside = self._inside(value, new[key], at)
                yield from self._values(value, new[key], at) if inside is None else inside
        for key, value in new.items():
            if key not in old:
                at = (*path, str(key))
                yield Change(_ADDED, at, new=self._new.whole(value, at))

    def _inside(self, old: Any, new: Any, path: Path) -> Iterator[Change] | None:
        """The differences below two values that are not equal; None where there is no below."""
        if isinstance(old, BaseModel) and type(old) is type(new):
            return self.models(old, new, path)
        if isinstance(old, Mapping) and isinstance(new, Mapping) and (old or new):
            return self.mappings(old, new, path)
        if isinstance(old, tuple) and isinstance(new, tuple) and old and new:
            names, others = named(old), named(new)
            if names is not None and others is not None:
                return self._entries(names, others, path, is_ordered=type(old[0]) in ORDERED)
        return None

    def _entries(self, old: dict[str, Any], new: dict[str, Any], path: Path, *, is_ordered: bool) -> Iterator[Change]:
        yield from self.mappings(old, new, path)
        kept, now = [name for name in old if name in new], [name for name in new if name in old]
        if is_ordered and kept != now:
            yield Change(_CHANGED, path, self._old.plain(kept, path), self._new.plain(now, path), "the order")

    def _field(self, old: BaseModel, new: BaseModel, name: str, path: Path) -> Iterator[Change]:
        """A field that is one value. It may be a file that is the same, seen from each configuration."""
        value, other = getattr(old, name), getattr(new, name)
        if not self._old.is_same(value, other, self._new):
            texts = self._old.field(old, name, path), self._new.field(new, name, path)
            yield _of(value, other, path, *texts)

    def _values(self, old: Any, new: Any, path: Path) -> Iterator[Change]:
        if not self._old.is_same(old, new, self._new):
            yield _of(old, new, path, self._old.whole(old, path), self._new.whole(new, path))


def _of(value: Any, other: Any, path: Path, old: str, new: str) -> Change:
    if value in _EMPTY:
        return Change(_ADDED, path, new=new)
    return Change(_REMOVED, path, old=old) if other in _EMPTY else Change(_CHANGED, path, old, new)
