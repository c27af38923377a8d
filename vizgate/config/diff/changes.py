"""Everything that is different about two configurations.

In: ``changes``. Not in: what the differences mean (``config.diff.effects``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from vizgate.config.diff.change import Change
from vizgate.config.diff.comparison import Comparison
from vizgate.config.diff.identity import named
from vizgate.config.diff.text import Notation
from vizgate.config.model import GatewayConfig, RouteConfig
from vizgate.config.model.policies import DefaultsConfig

#: What no gateway acts on.
OUTSIDE = frozenset({"version", "tests", "audit"})
_BY_NAME = frozenset({"routes", "defaults"})


def changes(
    old: GatewayConfig, new: GatewayConfig, *, old_base: FilePath | None = None, new_base: FilePath | None = None
) -> tuple[Change, ...]:
    """What a gateway that goes from *old* to *new* does otherwise, in the order of the format; ``tests`` do not count.

    Routes are one by name, wherever they stand. A route that only follows ``defaults`` is told of there. Files are
    compared by name, secrets by value.

    Args: old_base, new_base: the folders that relative files are told from, so that two copies of one folder are equal.
    """
    comparison = Comparison(Notation(old_base), Notation(new_base))
    routes = _Routes(comparison, old.defaults, new.defaults)
    of_routes = tuple(routes.changes(old.routes, new.routes))
    of_defaults = (
        replace(change, note=routes.followers(change.path[1]))
        for change in comparison.models(old.defaults, new.defaults, ("defaults",))
    )
    skipped = OUTSIDE | _BY_NAME
    others = tuple(comparison.models(old, new, (), lambda name, *_: name in skipped))
    order = {name: number for number, name in enumerate(GatewayConfig.model_fields)}
    return tuple(sorted((*others, *of_routes, *of_defaults), key=lambda change: order[str(change.path[0])]))


class _Routes:
    """Compares routes, and counts those that only follow the defaults."""

    def __init__(self, comparison: Comparison, old: DefaultsConfig, new: DefaultsConfig) -> None:
        self._comparison = comparison
        self._moved = {
            key: (getattr(old, key), getattr(new, key))
            for key in DefaultsConfig.model_fields
            if getattr(old, key) != getattr(new, key)
        }
        self._followers: Counter[str] = Counter()

    def changes(self, old: tuple[RouteConfig, ...], new: tuple[RouteConfig, ...]) -> Iterator[Change]:
        before, after = named(old) or {}, named(new) or {}
        # Only what is different is looked into: a configuration may have ten thousand routes.
        same = [name for name, route in before.items() if name in after and route == after[name]]
        for name in same:
            del before[name], after[name]
        both = [name for name in before if name in after]
        for name in both:
            yield from self._comparison.models(before.pop(name), after.pop(name), ("routes", name), self._follows)
        yield from self._comparison.mappings(before, after, ("routes",))

    def _follows(self, name: str, value: Any, other: Any) -> bool:
        follows = self._moved.get(name) == (value, other)
        self._followers[name] += follows
        return follows

    def followers(self, key: str | int) -> str:
        count = self._followers[str(key)]
        return "for 1 route" if count == 1 else f"for {count} routes"
