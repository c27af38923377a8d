"""Telling systemd how the service is.

In: ``Notifier``. Not in: when there is something to tell (``serving.foreground``).

Source: sd_notify(3), sd_watchdog_enabled(3). Nobody answers, and nothing depends on whether somebody listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import MutableMapping

from vizgate.clock import Clock, SystemClock


class Notifier:
    """Sends to the datagram socket at *address*; "" for nowhere. ``watchdog_s``: how often systemd wants to hear that
    the loop turns, 0 for never.
    """

    def __init__(self, address: str = "", watchdog_s: float = 0.0, clock: Clock | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._clock = clock or SystemClock()
        self._is_over = False

    @classmethod
    def of(cls, environment: MutableMapping[str, str], pid: int) -> Notifier:
        """What *environment* says to the process *pid*; it says so no more, so that no child takes it for its own."""
        address = environment.pop("NOTIFY_SOCKET", "")
        usec, wanted = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(pid))
        is_watched = usec.isascii() and usec.isdecimal() and wanted == str(pid)
        return cls(address, int(usec) / 1e6 if is_watched else 0.0)

    def ready(self) -> None:
        """The gateway serves, again after a reload."""
        if not self._is_over:
            self._send("READY=1")

    def reloading(self) -> None:
        """A reload has begun; ``ready`` follows, whatever comes of it."""
        if not self._is_over:
            self._send(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.monotonic() * 1e6)}")

    def stopping(self) -> None:
        """The end has begun: what becomes of a reload is of no interest any more, and would take this back."""
        self._send("STOPPING=1")
        self._is_over = True

    async def watch(self) -> None:
        """Say that the loop turns, twice as often as must be, until cancelled."""
        while self.watchdog_s:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / 2)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.sendto(message.encode("ascii"), self._address)

    def __repr__(self) -> str:
        return f"<Notifier {self._address.replace(chr(0), '@') or 'off'}>"
