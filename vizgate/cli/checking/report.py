"""What a check has found, as values.

In: ``CheckReport`` and its parts. Not in: finding it out (``cli.check``, ``cli.checking.running``) and telling it (the
other modules beside this).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vizgate.cli.checking.coverage import Coverage
from vizgate.config.audit.finding import AuditFinding
from vizgate.config.audit.rule import Severity
from vizgate.config.problems import Path, Place, Problem


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One test that was run. ``problems``: what was not as expected. ``route``: the one that took its request, "" for
    none. ``elapsed_s``: how long it took.
    """

    __test__ = False  # it is no test of pytest's

    name: str
    place: Place
    problems: tuple[Problem, ...]
    route: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding of the audit and where it stands. ``identity``: its path with routes by name, so that it stays the same
    when others come and go above it.
    """

    finding: AuditFinding
    place: Place
    identity: Path

    @property
    def counts(self) -> bool:
        """Whether nobody has let it pass."""
        return self.finding.ignored is None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything about one *file*.

    ``problems``: why it cannot be used; nothing else is known then. ``routes``, ``services``: how many there are.
    ``left_out``: tests that were not asked for. ``least_coverage``: the share of routes that tests must reach, None for
    any. ``findings``: of the audit, in the order of the file; None when none was asked for. ``fails_on``: from which
    severity on a finding is a problem.
    """

    file: str
    problems: tuple[Problem, ...] = ()
    routes: int = 0
    services: int = 0
    tests: Sequence[TestOutcome] = ()
    left_out: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    least_coverage: float | None = None
    findings: Sequence[PlacedFinding] | None = None
    fails_on: Severity = Severity.WARNING

    @property
    def failed(self) -> list[TestOutcome]:
        """The tests that did not pass."""
        return [test for test in self.tests if test.problems]

    @property
    def is_covered(self) -> bool:
        """Whether tests reach enough."""
        return self.least_coverage is None or self.coverage.share >= self.least_coverage

    @property
    def is_good(self) -> bool:
        """Whether there is nothing that fails the check."""
        return not (self.problems or self.failed or self.grave) and self.is_covered

    @property
    def grave(self) -> list[PlacedFinding]:
        """The findings that fail it."""
        return [one for one in self.findings or () if one.counts and one.finding.severity.is_at_least(self.fails_on)]
