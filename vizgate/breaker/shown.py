"""Breakers of services, shown to listeners of pybreaker.

In: ``ShownBreakers``. Not in: one breaker of a program (``breaker.pybreaker_listener``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from vizgate.breaker.machine import State
from vizgate.errors import UpstreamError

if TYPE_CHECKING:
    import pybreaker

_log = logging.getLogger("vizgate.breaker")


class ShownBreakers:
    """A ``pybreaker.CircuitBreaker`` for each breaker of ours, whose *listeners* are told; it decides nothing.

    Nothing is made before there is something to tell. What a listener raises is logged, and harms no request.

    Args: listeners: what makes them.
    """

    def __init__(self, listeners: Sequence[Callable[[], Any]]) -> None:
        self._make = tuple(listeners)
        self._shown: dict[str, pybreaker.CircuitBreaker] = {}
        self._listeners: list[Any] | None = None

    def changed(self, name: str, state: State) -> None:
        """The breaker *name* is in *state* now."""
        shown = self._breaker(name)
        tell = {State.OPEN: shown.open, State.HALF_OPEN: shown.half_open, State.CLOSED: shown.close}[state]
        self._guarded(tell)

    def called(self, name: str, failure: str) -> None:
        """A call has ended. Args: failure: how, "" for well."""
        shown = self._breaker(name)
        for listener in shown.listeners:
            if failure:
                self._guarded(listener.failure, shown, UpstreamError(failure))
            else:
                self._guarded(listener.success, shown)

    def _breaker(self, name: str) -> pybreaker.CircuitBreaker:
        if name not in self._shown:
            import pybreaker

            if self._listeners is None:
                made = [self._guarded(make) for make in self._make]
                self._listeners = [listener for listener in made if listener is not None]
            self._shown[name] = pybreaker.CircuitBreaker(name=name, listeners=self._listeners)
        return self._shown[name]

    def _guarded(self, tell: Callable[..., Any], *arguments: Any) -> Any:
        """What *tell* gives; None when it fails."""
        try:
            return tell(*arguments)
        except (Exception, SystemExit, KeyboardInterrupt):  # noqa: BLE001  # a stranger's listener
            _log.exception("a listener of a circuit breaker failed")
            return None

    def __repr__(self) -> str:
        return f"<ShownBreakers [{len(self._make)} listeners, {len(self._shown)} breakers]>"
