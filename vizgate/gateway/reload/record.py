"""What is told about reloads: counters, gauges, the log.

In: ``ReloadRecord``. Not in: reloading (``gateway.server``, ``gateway.reload.queue``).
"""

from __future__ import annotations

import json
import logging
from hashlib import sha256

from vizgate.clock import Clock
from vizgate.config import GatewayConfig
from vizgate.config.redact import redacted
from vizgate.observe.metrics import Metrics
from vizgate.units import counted

_log = logging.getLogger("vizgate.reload")

#: Digits of a hash that people compare by eye.
_SHOWN = 16


def hash_of(config: GatewayConfig) -> str:
    """What tells *config* from another one; secrets are no part of it, so that nobody can guess them from it."""
    return sha256(json.dumps(redacted(config), sort_keys=True, default=str).encode()).hexdigest()[:_SHOWN]


class ReloadRecord:
    """Counts reloads and says which configuration serves. Args: config: the first one."""

    def __init__(self, config: GatewayConfig, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._config = config
        self._hash = ""
        #: When the configuration was taken, in seconds since the epoch, and what was wrong with the last one, if any.
        self.succeeded_s = clock.wall()
        self.failure = ""
        counters = metrics.counters("reloads", "Reloads of the configuration, by result.", ("result",))
        self._ok, self._failed = counters.of("ok"), counters.of("failed")
        name, what = "config_last_success_timestamp_seconds", "When the configuration that serves was taken."
        metrics.gauges(name, what, (), lambda: [((), self.succeeded_s)])
        name, what = "config_info", "The configuration that serves, by a hash of what it says."
        metrics.gauges(name, what, ("hash",), lambda: [((self.hash,), 1.0)])

    @property
    def hash(self) -> str:
        """See ``hash_of``, of the configuration that serves."""
        if not self._hash:
            self.look_up()
        return self._hash

    def look_up(self) -> None:
        """Make ``hash``; of ten thousand routes it takes a moment, so that is best done off the loop."""
        config = self._config
        found = hash_of(config)
        if config is self._config:
            self._hash = found

    def taken(self, config: GatewayConfig) -> None:
        """*config* serves."""
        self._config, self._hash = config, ""
        self.succeeded_s, self.failure = self._clock.wall(), ""

    def succeeded(self, config: GatewayConfig) -> None:
        """A reload was asked for, and *config* serves."""
        if config is not self._config:
            self.taken(config)
        self._ok.value += 1
        routes, services = counted(len(config.routes), "route"), counted(len(config.services), "service")
        _log.info("the configuration was reloaded: %s, %s", routes, services)

    def failed(self, reason: str) -> None:
        """A reload was asked for, and nothing has changed because of *reason*."""
        self.failure = reason
        self._failed.value += 1
        _log.error("the configuration was not reloaded, and the one before serves on: %s", reason)

    def __repr__(self) -> str:
        return f"<ReloadRecord [{self._ok.value} ok, {self._failed.value} failed]>"
