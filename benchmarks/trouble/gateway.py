"""A gateway in a process of its own, whose files and memory can be counted.

In: ``WatchedGateway``. Not in: its configuration (``faults.py``).
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Self


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class WatchedGateway:
    """Serves *config* on ``port``, until the end of the ``async with`` block."""

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        self.port = free_port()
        self._file = folder / "faults.json"
        config = {**config, "server": {"listen": f"127.0.0.1:{self.port}", "admin": "off"}}
        self._file.write_text(json.dumps(config))
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vizgate", "serve", str(self._file), stderr=asyncio.subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return self
        raise TimeoutError("the gateway did not start")

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        await self._process.wait()

    @property
    def open_files(self) -> int:
        """File descriptors: listeners, connections, the loop's own."""
        return sum(1 for _ in Path(f"/proc/{self._pid}/fd").iterdir())

    @property
    def memory_mib(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid
