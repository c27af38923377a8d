"""Ends a worker whose supervisor is gone, whatever its loop does.

In: ``watch``. Not in: what the loop does about it, which is quicker and kinder (``workers.worker.main``).
"""

from __future__ import annotations

import os
import select
import signal
import threading

#: How long a worker may live after its supervisor, in seconds.
REMAINING_S = 5.0


def watch(fd: int) -> threading.Thread:
    """Kill this process some seconds after the other end of the socket *fd* was closed.

    In a thread, because the loop may stand still. *fd* is duplicated: the loop closes its own.
    """
    thread = threading.Thread(target=_wait, args=(os.dup(fd),), name="vizgate-watchdog", daemon=True)
    thread.start()
    return thread


def _wait(fd: int) -> None:
    poll = select.poll()
    # The end alone: data is for the loop.
    poll.register(fd, select.POLLRDHUP if hasattr(select, "POLLRDHUP") else select.POLLHUP)
    while not poll.poll():
        pass
    threading.Event().wait(REMAINING_S)
    os.kill(os.getpid(), signal.SIGKILL)
