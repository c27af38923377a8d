"""Whether the answer to a probe is a good one.

In: ``ProbeRule`` and the outcomes of probes. Not in: asking (``pipeline.ports.ProbePort``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vizgate.errors import Termination, UpstreamError
from vizgate.pipeline.ports import ProbeAnswer

#: Outcomes, values of a label: the answer was good, it had another status, or not the text that was expected.
OK: Final = "ok"
BAD_STATUS: Final = "status"
BAD_BODY: Final = "body"
#: There was no answer.
_FAILURES: Final = {
    Termination.CONNECT_FAILURE: "connect_failure",
    Termination.UPSTREAM_TIMEOUT: "timeout",
    Termination.UPSTREAM_RESET: "reset",
}
INVALID: Final = "invalid"
OUTCOMES: Final = (OK, BAD_STATUS, BAD_BODY, *_FAILURES.values(), INVALID)


@dataclass(frozen=True, slots=True)
class ProbeRule:
    """What is expected. ``statuses``: empty where a connection is enough. ``text``: what the body holds, if not b""."""

    statuses: frozenset[int] = frozenset()
    text: bytes = b""

    def outcome(self, answer: ProbeAnswer) -> str:
        """What came of the probe that was answered so, one of ``OUTCOMES``."""
        if self.statuses and answer.status not in self.statuses:
            return BAD_STATUS
        return OK if self.text in answer.body else BAD_BODY


def outcome_of(error: UpstreamError) -> str:
    """What came of the probe that failed so, one of ``OUTCOMES``."""
    return _FAILURES.get(error.termination, INVALID)
