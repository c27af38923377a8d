"""Starting and stopping one component.

In: ``start_component``, ``stop_component``, ``StartFailed``. Not in: in which order (``gateway.running.generation``).
"""

from __future__ import annotations

import logging

from vizgate.errors import VizgateError
from vizgate.extension.contract import Component
from vizgate.extension.registry import kind_of

_log = logging.getLogger("vizgate.gateway")


class StartFailed(VizgateError):
    """A part of the gateway could not start; the message names it."""


async def start_component(component: Component) -> None:
    """Start *component*. Raises: StartFailed: it raised something."""
    try:
        await component.start()
    except Exception as exc:
        raise StartFailed(f"{kind_of(type(component))} {type(component).__qualname__} failed to start: {exc}") from exc


async def stop_component(component: Component) -> None:
    """Stop *component*; what it raises is logged."""
    try:
        await component.stop()
    except Exception:  # noqa: BLE001  # the others must be stopped, too
        _log.exception("%s %s failed to stop", kind_of(type(component)), type(component).__qualname__)
