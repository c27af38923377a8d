"""What makes an entry of a list the same one in another list.

In: ``named``. Not in: comparing entries (``config.diff.comparison``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from vizgate.auth.api_key.config import KeyConfig
from vizgate.config.model import ListenConfig, MiddlewareEntry, RouteConfig, TargetConfig
from vizgate.config.model.admin import AdminTokenConfig
from vizgate.config.model.gateway import PluginEntry
from vizgate.config.model.observe import SinkEntry
from vizgate.traffic.config import SplitEntryConfig

#: By the class of an entry: what it is called. A list of anything else is one value.
_NAMES: Mapping[type, Callable[[Any], str]] = {
    RouteConfig: lambda route: route.name,
    TargetConfig: lambda target: str(target.url),
    ListenConfig: lambda listener: str(listener.address),
    KeyConfig: lambda key: key.id,
    MiddlewareEntry: lambda entry: entry.use,
    PluginEntry: lambda entry: entry.use,
    SinkEntry: lambda entry: entry.use,
    AdminTokenConfig: lambda token: token.name,
    SplitEntryConfig: lambda way: way.service,
}
#: Lists in which the order has a meaning.
ORDERED = frozenset({MiddlewareEntry, SplitEntryConfig})


def named(entries: tuple[Any, ...]) -> dict[str, Any] | None:
    """*entries* by name, numbered from the second of one name on; None for what has no names."""
    name_of = _NAMES.get(type(entries[0])) if entries else None
    if name_of is None:
        return None
    found: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for entry in entries:
        name = name_of(entry)
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} ({seen[name]})"] = entry
    return found
