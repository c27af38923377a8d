"""What is set up once for a process that does nothing but serve.

In: the event loop, the garbage collector, the limit on open files, what the interpreter writes. Not in: the gateway
(``gateway.server``); one that is embedded in another program leaves all of this alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any, NoReturn

from vizgate.gateway.isolation.culprit import place_of_task, place_of_thread

# Collections look for cycles, and a request makes none; looking as often as by default (700, 10, 10) is for nothing.
_GC_THRESHOLDS = (20_000, 50, 100)
# How long a task may take to end once it is cancelled, and threads after that, in seconds.
_LEAVE_S = 1.0
_LOOK_S = 0.005

_log = logging.getLogger("vizgate.serve")


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run *main* on the fastest event loop that is installed.

    A thread that was begun meanwhile and does not end ends with the process, which is left at once then.
    """
    before = set(threading.enumerate())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        code = runner.run(_then_leave(main, before))
    left = _threads_since(before)
    if left:
        _leave_without(left, code)
    return code


async def _then_leave(main: Coroutine[Any, Any, int], before: set[threading.Thread]) -> int:
    """*main*, and the end of whatever still runs: who ignores that is left behind."""
    loop = asyncio.get_running_loop()
    executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
    loop.set_default_executor(executor)
    code = await main
    await _end_tasks()
    # The runner would wait for its threads for ever; for those of an empty one it need not wait.
    executor.shutdown(wait=False, cancel_futures=True)
    loop.set_default_executor(ThreadPoolExecutor())
    end_s = loop.time() + _LEAVE_S
    while _threads_since(before) and loop.time() < end_s:  # noqa: ASYNC110  # a thread's end is no event
        await asyncio.sleep(_LOOK_S)
    return code


async def _end_tasks() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    deaf = (await asyncio.wait(left, timeout=_LEAVE_S))[1] if left else set()
    for task in deaf:
        _log.error("a task ignores that the process ends, and is left behind: %s", place_of_task(task))
        # The runner would wait for it for ever.
        asyncio._unregister_task(task)  # noqa: SLF001  # documented for whoever runs tasks


def _threads_since(before: set[threading.Thread]) -> list[threading.Thread]:
    """The threads that were begun after *before*, and that the interpreter waits for at its end."""
    return [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]


def _leave_without(threads: list[threading.Thread], code: int) -> NoReturn:
    """End the process, whatever *threads* do."""
    for thread in threads:
        place = place_of_thread(thread.ident or 0)
        _log.error("a thread ignores that the process ends, and is left behind: %s, at %s", thread.name, place)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def overlook_malformed_names() -> None:
    """Have nothing written about names that clients ask for in a TLS handshake and that are no names.

    Such a handshake fails, and is counted. The interpreter writes a trace for each besides, from where nobody can catch
    it: any stranger could fill the log.
    """
    write = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        # It happens while the name, which is the object then, is decoded for ``SSLContext.sni_callback``.
        if not (isinstance(unraisable.exc_value, UnicodeDecodeError) and isinstance(unraisable.object, bytes)):
            write(unraisable)

    sys.unraisablehook = hook


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def loop_name() -> str:
    """The kind of the running event loop, for people."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def settle() -> None:
    """After start-up: never look at what is there now again, and at the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


@contextlib.contextmanager
def building() -> Iterator[None]:
    """What is made inside is there to stay: no collection looks at it, now or later.

    A configuration of ten thousand routes is a million objects. To look through them takes a second, in which nothing
    is served; and what of them is let go of some day goes by itself, because plans hold no cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def raise_file_limit() -> int:
    """Let this process open as many files, sockets included, as it may; gives the limit, 0 when there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses what it reports as its hard limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
