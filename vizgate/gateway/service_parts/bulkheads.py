"""The bulkhead of a service.

In: making it, or going on with the one from before a reload. Not in: the bulkhead (``overload.bulkhead``).
"""

from __future__ import annotations

from vizgate.config.model import ServiceConfig
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.overload.bulkhead import Bulkhead, BulkheadLimits


def bulkhead_of(name: str, service: ServiceConfig, draft: StateDraft) -> Bulkhead | None:
    """The bulkhead of *service*; None when it has no limit."""
    if service.max_in_flight is None:
        return None
    queued = service.max_queued or service.max_in_flight
    return draft.bulkhead(name, BulkheadLimits(service.max_in_flight, service.queue_timeout, queued))
