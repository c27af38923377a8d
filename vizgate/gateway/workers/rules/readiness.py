"""Whether a gateway of several workers should be sent traffic.

In: ``readiness_of``; pure. Not in: asking the workers (``supervisor.numbers``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vizgate.observe.health import Health, HealthReply, Phase

#: What one worker says: its ``phase``, the required services that are ``unavailable``, and why ``plugins`` want no
#: traffic yet, by plugin.
WorkerVitals = Mapping[str, Any]


def readiness_of(whole: Health, workers: Sequence[WorkerVitals]) -> HealthReply:
    """What ``/readiness`` says when ready workers answer *workers*. One that can serve is enough.

    Args: whole: knows about the start and the stop of the gateway as a whole.
    """
    if whole.readiness().status != 200:
        return whole.readiness()
    able = [worker for worker in workers if worker["phase"] == Phase.READY.value and not worker["plugins"]]
    if not able:
        return _why_not(workers)
    unavailable = set(able[0]["unavailable"]).intersection(*(worker["unavailable"] for worker in able[1:]))
    return whole.readiness(unavailable)


def _why_not(workers: Sequence[WorkerVitals]) -> HealthReply:
    """The answer when no worker is able: as the first one would give it."""
    health = Health()
    if workers:
        first = workers[0]
        health.mark_ready()
        health.is_withdrawn = first["phase"] == Phase.DRAINING.value
        health.reasons = lambda: first["plugins"]
        if first["phase"] == Phase.STARTING.value:
            health.restart()
    return health.readiness()
