"""What became of requests, and which failures are explained.

In: ``Ledger``, ``Kill`` and the rule. Not in: who asks (``visitors``), who kills (``chaos.py``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_MOST_FAILURES = 10_000


class TooManyFailures(Exception):
    """There is nothing to learn from more of them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without its whole, right answer. Times are monotonic seconds.

    ``port``: the client's, of the connection that broke; 0 when none did (a wrong answer) or none ever was.
    """

    what: str
    port: int
    opened_s: float
    failed_s: float


@dataclass(frozen=True, slots=True)
class Kill:
    """A worker that was killed at ``at_s``, and the ports of the clients whose connections it held in that moment."""

    pid: int
    at_s: float
    ports: frozenset[int]


def is_explained(failure: Failure, kills: list[Kill]) -> bool:
    """Whether the connection of *failure* was held by a worker when that was killed, and broke for that reason."""
    return any(failure.port in kill.ports and failure.opened_s <= kill.at_s <= failure.failed_s for kill in kills)


@dataclass
class Ledger:
    """Every request of the own clients: right answers by kind of client, and all failures."""

    right: Counter[str] = field(default_factory=Counter)
    aborted: int = 0
    closed_idle: int = 0
    wrong_bodies: int = 0
    failures: list[Failure] = field(default_factory=list)

    def fail(self, failure: Failure) -> None:
        """Note a failure. Raises: TooManyFailures: nothing works."""
        if len(self.failures) >= _MOST_FAILURES:
            raise TooManyFailures(f"{_MOST_FAILURES} requests failed, the last one so: {failure.what}")
        self.failures.append(failure)

    @property
    def sent(self) -> int:
        """Requests that had to be answered."""
        return self.right.total() + len(self.failures)

    def split(self, kills: list[Kill]) -> tuple[Counter[str], Counter[str]]:
        """What happened to explained failures, and to the others, how often each."""
        explained: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for failure in self.failures:
            (explained if is_explained(failure, kills) else others)[failure.what] += 1
        return explained, others
