"""Certificates that change while the gateway runs.

In: ``CertificateRenewal``: looks at the files now and then, takes over what has changed, and tells how long
certificates are good. Not in: the files (``transport.certificates``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from vizgate.clock import Clock
from vizgate.gateway.listening.listeners import Entrance, with_certificates
from vizgate.observe.metrics import Metrics
from vizgate.observe.metrics.counters import CounterFamily
from vizgate.transport.certificates.served import ServedCertificates
from vizgate.transport.tls import TlsFailed

_log = logging.getLogger("vizgate.tls")

_DAY_S = 86_400.0
#: A certificate that ends sooner should have been renewed: those of 90 days are renewed 30 days before their end.
WARN_DAYS = 14.0


class CertificateRenewal:
    """Looks after the certificates of *entrances* from ``start`` to ``stop``."""

    def __init__(self, entrances: Sequence[Entrance], clock: Clock, metrics: Metrics) -> None:
        self._served = [(served, entrance.reload_s) for entrance, served in with_certificates(entrances)]
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []
        # When somebody was last warned, by file, in seconds since the epoch: once a day is enough.
        self._warned_s: dict[str, float] = {}
        self._reloads = CounterFamily("tls_reloads", "", ("result",))
        if self._served:
            self._reloads = metrics.counters("tls_reloads", "Changed certificates that were looked at.", ("result",))
        for result in ("ok", "failed"):
            self._reloads.of(result)

    def start(self) -> None:
        """Warn of what ends soon, and begin to look for changes."""
        for served, every_s in self._served:
            self._warn(served)
            if every_s:
                self._tasks.append(asyncio.get_running_loop().create_task(self._watch(served, every_s)))

    async def stop(self) -> None:
        """Look no more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def look(self) -> None:
        """Look once, at the certificates of every listener."""
        for served, _ in self._served:
            await self._look_at(served)

    async def _watch(self, served: ServedCertificates, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._look_at(served)

    async def _look_at(self, served: ServedCertificates) -> None:
        try:
            # Reading keys takes milliseconds, and a file may lie on a slow disk.
            found = await asyncio.to_thread(served.renewed)
        except TlsFailed as exc:
            self._reloads.of("failed").value += 1
            _log.error("changed certificates cannot be used, the old ones are kept: %s", exc)  # no trace
            return
        except Exception:  # noqa: BLE001  # whatever a strange file makes a library raise, the next look must come
            self._reloads.of("failed").value += 1
            _log.exception("changed certificates cannot be used, the old ones are kept")
            return
        if found is not None:
            served.use(found)
            self._reloads.of("ok").value += 1
            _log.info("changed certificates are used from now on: %s", ", ".join(_files(served)))
        self._warn(served)

    def _warn(self, served: ServedCertificates) -> None:
        now_s = self._clock.wall()
        for file, facts in zip(_files(served), served.facts, strict=True):
            days = (facts.ends_s - now_s) / _DAY_S
            if days >= WARN_DAYS or now_s - self._warned_s.get(file, 0.0) < _DAY_S:
                continue
            self._warned_s[file] = now_s
            if days < 0:
                _log.warning("the certificate in %s has ended %.1f days ago: renew it", file, -days)
            else:
                _log.warning("the certificate in %s ends in %.1f days: renew it", file, days)

    def ends(self) -> list[tuple[tuple[str, ...], float]]:
        """When each certificate ends, by its file, in seconds since the epoch."""
        # By file: two listeners may show the same one.
        ends = {
            file: facts.ends_s
            for served, _ in self._served
            for file, facts in zip(_files(served), served.facts, strict=True)
        }
        return [((file,), end_s) for file, end_s in ends.items()]

    def __repr__(self) -> str:
        return f"<CertificateRenewal [{len(self._served)} listeners]>"


def _files(served: ServedCertificates) -> list[str]:
    return [files.cert for files in served.settings.certificates]
