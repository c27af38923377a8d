"""The test kit: what a plugin author needs to test without sockets and without waiting.

In: a manual clock, an in-memory client, a scripted upstream and conformance suites, imported when first asked for. Not
in: anything the gateway itself needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vizgate.testing.balancer_suite import check_balancer
    from vizgate.testing.clock import ManualClock
    from vizgate.testing.memory import MemoryClient
    from vizgate.testing.scripted_upstream import ScriptedUpstream
    from vizgate.testing.store_suite import check_store

__all__ = ["ManualClock", "MemoryClient", "ScriptedUpstream", "check_balancer", "check_store"]

# A test of a pure rule does not pay for the import of sockets and a whole gateway.
_HOMES = {
    "ManualClock": "vizgate.testing.clock",
    "MemoryClient": "vizgate.testing.memory",
    "ScriptedUpstream": "vizgate.testing.scripted_upstream",
    "check_balancer": "vizgate.testing.balancer_suite",
    "check_store": "vizgate.testing.store_suite",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
