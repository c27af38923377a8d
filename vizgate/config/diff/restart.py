"""What a running gateway cannot change.

In: the one table of it, and ``needs_restart``. Not in: what becomes of the rest (``config.diff.effects``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vizgate.config.model import GatewayConfig
from vizgate.config.problems import Finding, Path


@dataclass(frozen=True, slots=True)
class FixedSetting:
    """A setting that only a restart can change. ``differs``: whether two configurations would need one. ``reason``: why
    there is no other way.
    """

    path: Path
    differs: Callable[[GatewayConfig, GatewayConfig], bool]
    reason: str


def _buckets_differ(old: GatewayConfig, new: GatewayConfig) -> bool:
    return old.observe.metrics.buckets != new.observe.metrics.buckets


def _processes_differ(old: GatewayConfig, new: GatewayConfig) -> bool:
    return (old.server.workers == 1) != (new.server.workers == 1)


#: Every setting that a reload refuses to change, in the order of the format.
FIXED: tuple[FixedSetting, ...] = (
    FixedSetting(
        ("server", "workers"), _processes_differ, "a gateway of one process and one of several start in different ways"
    ),
    FixedSetting(
        ("observe", "metrics", "buckets"), _buckets_differ, "what has been counted cannot be put into other buckets"
    ),
)


def needs_restart(old: GatewayConfig, new: GatewayConfig) -> tuple[Finding, ...]:
    """Why a gateway that serves *old* cannot serve *new* without a restart; empty when it can."""
    return tuple(
        Finding(fixed.path, f"only a restart changes it: {fixed.reason}. Restart the gateway, or leave it as it was")
        for fixed in FIXED
        if fixed.differs(old, new)
    )
