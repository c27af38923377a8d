"""A gateway that serves requests in memory: everything as in serving, but no socket is opened and no upstream asked."""

from vizgate.gateway.rehearsal.rehearsal import Rehearsal, RehearsalStuck
from vizgate.gateway.rehearsal.result import Rehearsed, SeenRequest, Step, UpstreamRequest

__all__ = ["Rehearsal", "RehearsalStuck", "Rehearsed", "SeenRequest", "Step", "UpstreamRequest"]
