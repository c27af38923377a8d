"""What only a restart can change.

In: the one table of it, and refusing a reload that asks for it. Not in: everything else, which a reload changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vizgate.config import GatewayConfig
from vizgate.config.model import UnixAddress
from vizgate.errors import VizgateError
from vizgate.gateway.cores import worker_count


class ReloadRefused(VizgateError):
    """A reload that cannot be done, with the reason; the configuration that serves is the one from before."""


class RestartOnly(NamedTuple):
    """One row: *key* cannot change, because of *reason*, from what ``of`` sees to something else."""

    key: str
    of: Callable[[GatewayConfig], object]
    reason: str


def _unix_owners(config: GatewayConfig) -> dict[str, tuple[str | None, str | None]]:
    found = {}
    for item in config.server.listen:
        if isinstance(item.address, UnixAddress):
            found[item.address.path] = item.mode, item.owner
    return found


#: Everything of that kind. Values that are mappings may gain and lose keys.
TABLE: tuple[RestartOnly, ...] = (
    RestartOnly(
        "server.workers",
        lambda config: worker_count(config.server.workers) == 1,
        "a gateway of one process and one of several start in different ways",
    ),
    RestartOnly(
        "mode and owner of a Unix socket", _unix_owners, "who may open a socket is decided when its file is made"
    ),
)


def restart_reasons(present: GatewayConfig, wanted: GatewayConfig) -> list[tuple[str, str]]:
    """What only a restart can change of *present* to make it *wanted*, and why; nothing when a reload can."""
    return [(row.key, row.reason) for row in TABLE if _differs(row.of(present), row.of(wanted))]


def refuse_restart_only(present: GatewayConfig, wanted: GatewayConfig) -> None:
    """Raise ReloadRefused, with every reason, when only a restart can make *wanted* of *present*."""
    reasons = [f"{key}: {reason}" for key, reason in restart_reasons(present, wanted)]
    if reasons:
        raise ReloadRefused(f"only a restart can change {'; '.join(reasons)}. Restart the gateway, or change it back")


def _differs(before: object, after: object) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return any(before[key] != after[key] for key in before.keys() & after.keys())
    return before != after
