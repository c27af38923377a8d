"""What plugins do wrong: counted by plugin and stage, and told to the log without flooding it.

In: ``PluginFaults``, which is one component's, and ``FaultBook``, which hands them out. Not in: catching what is wrong
(``guards``) and what must not be told (``scrub``).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from vizgate.clock import Clock
from vizgate.extension.contract import Component
from vizgate.extension.making import name_of
from vizgate.gateway.isolation.culprit import Frame, culprit_in, frames_of_error, frames_of_task, plugin_places
from vizgate.gateway.isolation.scrub import scrubbed, secrets_of_config, secrets_of_request
from vizgate.observe.metrics import CounterFamily, Metrics
from vizgate.pipeline.request import Request

_log = logging.getLogger("vizgate.plugin")

#: Every request may fail in a plugin; one line in this many seconds for each plugin and stage tells it as well.
PAUSE_S = 10.0
_FRAME = '  File "'
# Characters of a message and of a traceback that are told: an error may quote a whole body.
_MESSAGE, _TRACE = 500, 20_000


@dataclass(slots=True)
class _Pause:
    """When a plugin may be told about again, and how often it was not."""

    until_s: float = float("-inf")
    unsaid: int = 0


class PluginFaults:
    """Those of one component of the plugin *name*.

    Stages: ``start``, ``call`` (for a request), ``answer`` (while that was sent, and at its end), ``take``, ``run``,
    ``stop``.

    Args: pauses: by stage, shared by all components of the plugin. secrets: texts that no line may hold.
    """

    __slots__ = ("__weakref__", "_clock", "_counters", "_pauses", "name", "secrets")

    def __init__(
        self,
        name: str,
        counters: CounterFamily,
        clock: Clock,
        pauses: dict[str, _Pause],
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self._counters = counters
        self._clock = clock
        self._pauses = pauses
        self.secrets = secrets

    def note(self, stage: str, error: BaseException, request: Request | None = None) -> None:
        """Count *error*, and log it unless something like it was told a moment ago.

        Args: request: the one that it happened to; no value of its fields is told.
        """
        self.count(stage)
        now_s = self._clock.monotonic()
        pause = self._pauses.setdefault(stage, _Pause())
        if now_s < pause.until_s:
            pause.unsaid += 1
            return
        more = f" (and {pause.unsaid} times before)" if pause.unsaid else ""
        pause.until_s, pause.unsaid = now_s + PAUSE_S, 0
        where = "" if request is None else f" on request {request.id} of route {request.route}"
        _tell(f"plugin {self.name} failed in {stage}{where}{more}", *self._texts(error, request))

    def count(self, stage: str) -> None:
        """Count what somebody else tells of."""
        self._counters.of(self.name, stage).value += 1

    def told(self, error: BaseException) -> str:
        """*error* in a line, without the secrets of the settings."""
        return _cut(scrubbed("".join(traceback.format_exception_only(error)).strip(), self.secrets), _MESSAGE)

    def _texts(self, error: BaseException, request: Request | None) -> tuple[str, str]:
        """*error* in a line, and with its way through the program."""
        hidden = self.secrets if request is None else self.secrets | secrets_of_request(request)
        # Frames are no more than the program's own text; replacing in them would let a client spoil a traceback.
        parts = [
            part if part.startswith(_FRAME) else _cut(scrubbed(part, hidden), _TRACE)
            for part in traceback.format_exception(error)
        ]
        message = scrubbed("".join(traceback.format_exception_only(error)).strip(), hidden)
        return _cut(message, _MESSAGE), _cut("".join(parts).rstrip(), _TRACE)

    def __repr__(self) -> str:
        return f"<PluginFaults {self.name} [{sum(pause.unsaid for pause in self._pauses.values())} unsaid]>"


class FaultBook:
    """The faults of every plugin of a gateway, which outlive a reload."""

    __slots__ = ("_clock", "_counters", "_given", "_names", "_pauses")

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._clock = clock
        self._counters = metrics.counters(
            "plugin_errors", "What plugins did wrong, by the stage of their life.", ("plugin", "stage")
        )
        # By name: as many as there are classes, however often they are made anew.
        self._pauses: dict[str, dict[str, _Pause]] = {}
        self._names: dict[str, None] = {}
        # Those whose components are still there.
        self._given: WeakSet[PluginFaults] = WeakSet()

    def of(self, component: Component) -> PluginFaults:
        """Those of *component*."""
        name = name_of(type(component))
        # A plugin may have forgotten to call ``super().__init__``.
        secrets = secrets_of_config(getattr(component, "config", None))
        self._names[name] = None
        return self._faults(name, secrets)

    def _faults(self, name: str, secrets: frozenset[str]) -> PluginFaults:
        faults = PluginFaults(name, self._counters, self._clock, self._pauses.setdefault(name, {}), secrets)
        self._given.add(faults)
        return faults

    def blame(self, stage: str, error: BaseException, request: Request) -> bool:
        """Note *error*, which came out of a place that many share, with the plugin that has raised it; False when none
        has.
        """
        return self._blame(frames_of_error(error), stage, error, request)

    def blame_task(self, stage: str, error: BaseException, task: asyncio.Task[Any], request: Request) -> bool:
        """As ``blame``, where the plugin is the one that *task* waits for."""
        return self._blame(frames_of_task(task), stage, error, request)

    def _blame(self, frames: list[Frame], stage: str, error: BaseException, request: Request) -> bool:
        culprit = culprit_in(frames, plugin_places(self.names))
        if culprit is None or not culprit.plugin:
            return False
        secrets = frozenset(text for faults in self._given for text in faults.secrets)
        self._faults(culprit.plugin, secrets).note(stage, error, request)
        return True

    @property
    def names(self) -> list[str]:
        """The plugins that there are or were."""
        return list(self._names)

    def __repr__(self) -> str:
        return f"<FaultBook [{len(self._pauses)} plugins]>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def _tell(message: str, error: str, trace: str) -> None:
    """Log a line, and *trace* below it: as text, because a live traceback would be told with its secrets."""
    if _log.isEnabledFor(logging.ERROR):
        record = _log.makeRecord(
            _log.name, logging.ERROR, __file__, 0, "%s: %s", (message, error), None, "note", None, trace
        )
        _log.handle(record)
