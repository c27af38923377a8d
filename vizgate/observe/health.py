"""Whether the process works and whether it should be sent traffic.

In: the states and the answers as values. Not in: the listener that serves them (``gateway``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import NamedTuple


class Phase(Enum):
    """The part of its life a gateway is in."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class HealthReply(NamedTuple):
    """An answer: its status and its body, ``application/json``."""

    status: int
    body: bytes


_READY = "ready"
_DRAIN = "drain"

# Draining is final: a start that completes after the signal to stop must not bring traffic back.
_NEXT = {
    (Phase.STARTING, _READY): Phase.READY,
    (Phase.READY, _READY): Phase.READY,
    (Phase.DRAINING, _READY): Phase.DRAINING,
    (Phase.STARTING, _DRAIN): Phase.DRAINING,
    (Phase.READY, _DRAIN): Phase.DRAINING,
    (Phase.DRAINING, _DRAIN): Phase.DRAINING,
}

_OK = HealthReply(200, b'{"status":"ok"}')


class Health:
    """What ``/health``, ``/liveness`` and ``/readiness`` say."""

    __slots__ = ("is_withdrawn", "phase", "reasons")

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        #: Whether an operator has asked for no more traffic. Unlike draining, that can be taken back.
        self.is_withdrawn = False
        #: Gives why plugins want no traffic yet, by plugin.
        self.reasons: Callable[[], Mapping[str, str]] = dict

    def mark_ready(self) -> None:
        """Every part has started; without effect once draining."""
        self.phase = _NEXT[self.phase, _READY]

    def mark_draining(self) -> None:
        """The gateway is about to stop; only ``restart`` leads back."""
        self.phase = _NEXT[self.phase, _DRAIN]

    def restart(self) -> None:
        """Begin anew: the same object is about to be started once more."""
        self.phase = Phase.STARTING
        self.is_withdrawn = False

    @property
    def told(self) -> Phase:
        """The phase as others are to see it."""
        return Phase.DRAINING if self.is_withdrawn and self.phase is Phase.READY else self.phase

    def health(self) -> HealthReply:
        """200 as long as there is a process to answer."""
        return _OK

    def liveness(self) -> HealthReply:
        """200 as long as there is a process to answer: a restart would not make a draining gateway better."""
        return _OK

    def readiness(self, unavailable: Collection[str] = ()) -> HealthReply:
        """200 when traffic is welcome, else 503 with the reason.

        Args: unavailable: names of required services that have no healthy target.
        """
        if self.told is not Phase.READY:
            return HealthReply(503, _json({"status": self.told.value}))
        if unavailable:
            return HealthReply(503, _json({"status": "unavailable", "services": sorted(unavailable)}))
        if reasons := self.reasons():
            return HealthReply(503, _json({"status": "unavailable", "plugins": dict(reasons)}))
        return HealthReply(200, _json({"status": self.phase.value}))

    def __repr__(self) -> str:
        return f"<Health [{self.phase.value}]>"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
