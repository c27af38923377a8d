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
    from vizgate.testing.suites.authenticator import check_authenticator
    from vizgate.testing.suites.discovery import check_discovery
    from vizgate.testing.suites.middleware import check_middleware
    from vizgate.testing.suites.service import check_service
    from vizgate.testing.suites.sink import check_sink, sample_record

__all__ = [
    "ManualClock",
    "MemoryClient",
    "ScriptedUpstream",
    "check_authenticator",
    "check_balancer",
    "check_discovery",
    "check_middleware",
    "check_service",
    "check_sink",
    "check_store",
    "sample_record",
]

# A test of a pure rule does not pay for the import of sockets and a whole gateway.
_HOMES = {
    "ManualClock": "vizgate.testing.clock",
    "MemoryClient": "vizgate.testing.memory",
    "ScriptedUpstream": "vizgate.testing.scripted_upstream",
    "check_authenticator": "vizgate.testing.suites.authenticator",
    "check_balancer": "vizgate.testing.balancer_suite",
    "check_discovery": "vizgate.testing.suites.discovery",
    "check_middleware": "vizgate.testing.suites.middleware",
    "check_service": "vizgate.testing.suites.service",
    "check_sink": "vizgate.testing.suites.sink",
    "check_store": "vizgate.testing.store_suite",
    "sample_record": "vizgate.testing.suites.sink",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
