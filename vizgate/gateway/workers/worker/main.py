"""Where the process of a worker begins.

In: ``main``. Not in: everything else, which is imported when there is a process for it.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path


def main(number: int, control: socket.socket) -> None:
    """Be the worker *number* of the supervisor behind *control*, and end with its exit code."""
    from vizgate.gateway import process
    from vizgate.gateway.workers.worker.worker import Worker

    async def work() -> int:
        return await Worker(number, control).run()

    with contextlib.suppress(OSError):  # for people who list processes
        Path("/proc/self/comm").write_text(f"vizgate-{number}", "ascii")
    process.raise_file_limit()
    raise SystemExit(process.run(work()))
