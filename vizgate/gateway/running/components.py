"""Starting and stopping one component, which may be a stranger's.

In: ``start_component``, ``stop_component``, ``StartFailed``. Not in: in which order (``gateway.running.generation``).
"""

from __future__ import annotations

import asyncio
import logging

from vizgate.errors import VizgateError
from vizgate.extension.contract import Component, Context
from vizgate.extension.making import is_foreign, name_of
from vizgate.extension.registry import kind_of
from vizgate.gateway.isolation.faults import FaultBook, PluginFaults

_log = logging.getLogger("vizgate.gateway")

#: How long one component may take to start and to stop, in seconds. What is of ours has bounds of its own below these.
START_S = 60.0
STOP_S = 10.0


class StartFailed(VizgateError):
    """A part of the gateway could not start; the message names it."""


async def start_component(component: Component, bound_s: float = START_S) -> None:
    """Start *component*. Raises: StartFailed: it raised, or was not ready after *bound_s* seconds."""
    try:
        async with asyncio.timeout(bound_s) as bound:
            await component.start()
    except BaseException as error:
        if _is_cancelled(error):
            raise
        raise _start_failed(component, error, bound_s if bound.expired() else 0.0) from error


def _start_failed(component: Component, error: BaseException, late_s: float) -> StartFailed:
    """*error* for whoever starts the gateway. Args: late_s: how long was waited in vain, 0 when it failed itself."""
    reason = str(error) or type(error).__name__
    if is_foreign(type(component)):
        faults = _faults_of(component)
        faults.count("start")
        reason = faults.told(error)
    if late_s and isinstance(error, TimeoutError):
        reason = f"not ready after {late_s:g} s"
    return StartFailed(f"{_told(component)} failed to start: {reason}")


async def stop_component(component: Component, bound_s: float = STOP_S) -> None:
    """Stop *component*, and give it up after *bound_s* seconds: nothing that it does keeps the others from stopping."""
    try:
        async with asyncio.timeout(bound_s):
            await component.stop()
    except BaseException as error:
        if _is_cancelled(error):
            raise
        # Not raised: the others must be stopped, too.
        if is_foreign(type(component)):
            _faults_of(component).note("stop", error)
        else:
            _log.exception("%s failed to stop", _told(component))


def _faults_of(component: Component) -> PluginFaults:
    # A plugin may have forgotten to call ``super().__init__``.
    context = getattr(component, "context", None) or Context()
    return FaultBook(context.metrics, context.clock).of(component)


def _told(component: Component) -> str:
    """*component* for people: its kind and its class, and for a plugin where that is."""
    kind = type(component)
    return f"{kind_of(kind)} {name_of(kind) if is_foreign(kind) else kind.__qualname__}"


def _is_cancelled(error: BaseException) -> bool:
    """Whether *error* is not the component's own, but meant for whoever starts or stops it."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, GeneratorExit)
