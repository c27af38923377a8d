"""What makes an entry of a list the same one in another list.

In: ``named``, ``named_alike``. Not in: comparing entries (``config.diff.comparison``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vizgate.auth.api_key.config import KeyConfig
from vizgate.config.model import ListenConfig, MiddlewareEntry, RouteConfig, TargetConfig
from vizgate.config.model.admin import AdminTokenConfig
from vizgate.config.model.gateway import PluginEntry
from vizgate.config.model.observe import SinkEntry
from vizgate.traffic.config import SplitEntryConfig

#: By the class of an entry: the setting that is its name. A list of anything else is one value.
_NAMES: Mapping[type, str] = {
    RouteConfig: "name",
    TargetConfig: "url",
    ListenConfig: "address",
    KeyConfig: "id",
    MiddlewareEntry: "use",
    PluginEntry: "use",
    SinkEntry: "use",
    AdminTokenConfig: "name",
    SplitEntryConfig: "service",
}
#: Lists in which the order has a meaning.
ORDERED = frozenset({MiddlewareEntry, SplitEntryConfig})


def named(entries: tuple[Any, ...]) -> dict[str, Any] | None:
    """*entries* by name, numbered from the second of one name on; None for what has no names."""
    name = _NAMES.get(type(entries[0])) if entries else None
    return None if name is None else _numbered(entries, [str(getattr(entry, name)) for entry in entries])


def named_alike(plain: Sequence[Any], entries: tuple[Any, ...]) -> dict[str, Any] | None:
    """As ``named``, of mappings that say of themselves what *entries* are called by; None where they do not."""
    name = _NAMES.get(type(entries[0])) if entries else None
    if name is None or not all(isinstance(entry, Mapping) and name in entry for entry in plain):
        return None
    return _numbered(plain, [str(entry[name]) for entry in plain])


def _numbered(entries: Iterable[Any], names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for name, entry in zip(names, entries, strict=True):
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} ({seen[name]})"] = entry
    return found
