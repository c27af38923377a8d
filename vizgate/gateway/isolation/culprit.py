"""Whose code it is: what holds the event loop up, and what has failed.

In: ``culprit_in``, which finds it in a stack. Not in: when to look (``faults``, ``gateway.watchdog``).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from traceback import walk_tb
from types import CoroutineType, FrameType
from typing import Any, NamedTuple

# Frames of these wait for something to happen, or only pass on the turn: none of them holds the loop up.
_LOOPS = frozenset({"asyncio", "selectors", "uvloop"})


class Frame(NamedTuple):
    """A place in a running program. ``function``: with the class it stands in."""

    module: str
    function: str
    line: int


@dataclass(frozen=True, slots=True)
class Culprit:
    """``plugin``: ``package.module:Class``, "" for none. ``place``: where its code stands, ``module:line``."""

    plugin: str
    place: str

    @property
    def is_own(self) -> bool:
        """Whether it is the gateway itself."""
        return not self.plugin and self.place.startswith("vizgate.")


def frames_of(thread_id: int, idle: FrameType | None = None) -> list[Frame]:
    """What the thread is at, the innermost first; nothing when it is at *idle*, the frame that runs the loop."""
    frame = sys._current_frames().get(thread_id)  # noqa: SLF001  # the documented way to look at a thread
    return [] if frame is idle else list(_walk(frame))


def frames_of_error(error: BaseException) -> list[Frame]:
    """Where *error* was raised and passed, the innermost first."""
    frames = [
        Frame(frame.f_globals.get("__name__", ""), frame.f_code.co_qualname, line)
        for frame, line in walk_tb(error.__traceback__)
    ]
    return frames[::-1]


def frames_of_task(task: asyncio.Task[Any]) -> list[Frame]:
    """Where a task waits, the innermost first, but for what is the event loop's own."""
    frames: list[Frame] = []
    awaited: Any = task.get_coro()
    while isinstance(awaited, CoroutineType) and awaited.cr_frame is not None:
        frames.append(next(_walk(awaited.cr_frame)))
        awaited = awaited.cr_await
    return [frame for frame in reversed(frames) if not _is_loop(frame)]


def place_of_task(task: asyncio.Task[Any]) -> str:
    """Where a task waits that is not at its end: the innermost place that is not the event loop's own."""
    own = frames_of_task(task)
    return f"{own[0].module}:{own[0].line} in {own[0].function}" if own else repr(task)


def place_of_thread(thread_id: int) -> str:
    """Where a thread is that is not at its end."""
    frames = frames_of(thread_id)
    return f"{frames[0].module}:{frames[0].line} in {frames[0].function}" if frames else "its end"


def _walk(frame: FrameType | None) -> Iterator[Frame]:
    while frame is not None:
        code = frame.f_code
        yield Frame(frame.f_globals.get("__name__", ""), code.co_qualname, frame.f_lineno)
        frame = frame.f_back


def culprit_in(frames: list[Frame], plugins: Mapping[str, str]) -> Culprit | None:
    """Whose code *frames* stand in: the innermost plugin, or else the innermost place that is no event loop's. None for
    a loop that waits: then it is the machine that is late.

    Args: plugins: names of plugins by ``module``, ``module:Class`` and top-level package; see ``plugin_places``.
    """
    if not frames or _is_loop(frames[0]):
        return None
    for frame in frames:
        owner = frame.function.partition(".")[0]
        keys = (f"{frame.module}:{owner}", frame.module, frame.module.partition(".")[0])
        plugin = next((plugins[key] for key in keys if key in plugins), None)
        if plugin is not None:
            return Culprit(plugin, f"{frame.module}:{frame.line}")
    innermost = next((frame for frame in frames if not _is_loop(frame)), frames[0])
    return Culprit("", f"{innermost.module}:{innermost.line}")


def _is_loop(frame: Frame) -> bool:
    return frame.module.partition(".")[0] in _LOOPS


def plugin_places(names: list[str]) -> dict[str, str]:
    """Where code of the plugins *names* (``package.module:Class``) may stand. A module or a package that several share
    stands for all of them.
    """
    places: dict[str, list[str]] = {}
    for name in names:
        module, _, owner = name.partition(":")
        top = module.partition(".")[0]
        keys = {f"{module}:{owner.partition('.')[0]}", module}
        if top != "vizgate":
            keys.add(top)
        for key in keys:
            places.setdefault(key, []).append(name)
    return {key: " or ".join(sorted(owners)) for key, owners in places.items()}
