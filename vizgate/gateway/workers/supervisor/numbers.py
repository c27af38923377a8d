"""Health and metrics of a gateway of several workers.

In: ``FleetVitals``, which meets ``Vitals``. Not in: adding up (``observe.metrics.fleet``), when a gateway is ready
(``workers.rules.readiness``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from vizgate.gateway.workers.rules.readiness import readiness_of
from vizgate.gateway.workers.supervisor.fleet import Fleet
from vizgate.gateway.workers.supervisor.member import Member
from vizgate.observe.health import Health, HealthReply
from vizgate.observe.metrics import Metrics
from vizgate.observe.metrics.fleet.families import Family, from_json
from vizgate.observe.metrics.fleet.ledger import Ledger
from vizgate.observe.metrics.fleet.merge import merged, with_label

# How long a worker may take to answer, in seconds: whoever asks us waits as well.
_PATIENCE_S = 1.0
_OWN_LABEL = "supervisor"
# What the supervisor alone knows; a worker has it as well, because it is a gateway, too.
_NOT_OF_WORKERS = frozenset({"vizgate_reloads", "vizgate_config_info", "vizgate_config_last_success_timestamp_seconds"})


class FleetVitals:
    """What operators and public endpoints are told. Args: health: the supervisor's own. metrics: as well."""

    def __init__(self, fleet: Fleet, health: Health, metrics: Metrics) -> None:
        self._fleet = fleet
        self._health = health
        self._metrics = metrics
        self._ledger = Ledger()
        fleet.on_end = self._ledger.depart

    def liveness(self) -> HealthReply:
        """See ``Vitals.liveness``."""
        return self._health.liveness()

    async def readiness(self) -> HealthReply:
        """Ready as long as one worker is and each required service has a target that one of them may ask."""
        answers = await self._fleet.ask_all(self._fleet.ready, "vitals", timeout_s=_PATIENCE_S)
        return readiness_of(self._health, list(answers.values()))

    async def metrics(self, accept: str) -> tuple[str, bytes]:
        """The numbers of all workers as one; of a worker that does not answer, those that it has given before."""
        answers = await self._fleet.ask_all(self._fleet.ready, "metrics", timeout_s=_PATIENCE_S)
        # In a thread, so that thousands of series do not hold up everything else.
        found = await asyncio.to_thread(lambda: {member: _families(answer) for member, answer in answers.items()})
        present = self._noted(found)
        return await asyncio.to_thread(self._exposition, self._ledger.pages(present), accept)

    def _noted(self, found: Mapping[Member, Sequence[Family]]) -> list[Member]:
        """Whose numbers of *found* are taken: not those of one that has said more since, at its end."""
        present = [member for member in self._fleet.ready if member in found]
        for member in present:
            self._ledger.note(member, found[member], str(member.number))
        return present

    def _exposition(self, pages: Sequence[Sequence[Family]], accept: str) -> tuple[str, bytes]:
        # Here and not above: the import is slow, and a gateway without scrapes never needs it.
        from vizgate.observe.metrics.fleet.registry import expose_families, families_of

        own = with_label(families_of(self._metrics.registry), _OWN_LABEL)
        return expose_families(merged([*pages, own]), accept)

    def note(self, member: Member, answer: Any) -> None:
        """Take the numbers that *member* has given at its end."""
        self._ledger.note(member, _families(answer), str(member.number))

    def forget_histograms(self) -> None:
        """See ``Ledger.forget_histograms``."""
        self._ledger.forget_histograms()

    def __repr__(self) -> str:
        return f"<FleetVitals {self._health!r} {self._ledger!r}>"


def _families(answer: Any) -> list[Family]:
    """What a worker's *answer* counts for the whole."""
    return [family for family in from_json(answer) if family.name not in _NOT_OF_WORKERS]
