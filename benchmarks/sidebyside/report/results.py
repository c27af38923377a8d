"""What a run leaves behind, as values and as JSON.

In: samples and their file. Not in: medians and ratios (``summary``) and how they are shown (``report``).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sidebyside.accounting import Memory
from sidebyside.measure.wrk import WrkResult
from sidebyside.scenario import BODY_BYTES, Scenario

#: No contender's response head is longer, so that bytes never count for more responses than there were.
_MOST_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender under one scenario in one round; ``cpu_us`` is CPU time of its process tree meanwhile."""

    contender: str
    scenario: Scenario
    round: int
    wrk: WrkResult
    cpu_us: int
    memory: Memory

    @property
    def responses(self) -> float:
        """Responses received; large ones that the end of the run cut short count by the share that had arrived.

        With a thousand connections and large bodies most of a short run's work is in such responses.
        """
        return max(self.wrk.requests, self.wrk.received / (BODY_BYTES[self.scenario.size] + _MOST_HEAD_BYTES))

    @property
    def requests_per_s(self) -> float:
        """Responses per second."""
        return self.responses / (self.wrk.duration_us / 1e6)

    @property
    def cpu_us_per_request(self) -> float:
        """CPU time per response in microseconds; infinite when there was none."""
        return self.cpu_us / self.responses if self.responses else float("inf")

    @property
    def failures(self) -> int:
        """Requests that failed in any way."""
        return self.wrk.errors + self.wrk.timeouts + self.wrk.bad_statuses


@dataclass(frozen=True, slots=True)
class IdleResult:
    """Memory that idle keep-alive connections cost: bytes of PSS before and after *opened* of *wanted* were there.

    ``alive``: of those opened, how many had not been closed by the contender when the memory was read.
    """

    contender: str
    wanted: int
    opened: int
    alive: int
    pss_before: int
    pss_after: int

    @property
    def bytes_per_connection(self) -> float:
        """PSS per living connection; infinite when there is none."""
        return (self.pss_after - self.pss_before) / self.alive if self.alive else float("inf")


@dataclass(frozen=True, slots=True)
class StartResult:
    """One start of a program: seconds until it did what it was started for, and CPU seconds of it until then."""

    contender: str
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Participant:
    """A contender of the run, or, with a reason in ``skipped``, one that did not take part."""

    name: str
    about: str
    version: str
    skipped: str = ""


@dataclass(slots=True)
class Results:
    """Everything one run found out; ``failures`` tells what broke off, in words."""

    date: str
    command: str
    machine: dict[str, str]
    participants: list[Participant]
    samples: list[Sample] = field(default_factory=list)
    idle: list[IdleResult] = field(default_factory=list)
    starts: list[StartResult] = field(default_factory=list)
    version_command: list[StartResult] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write everything to *path* as JSON, making its directory when there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """The results in the file *path*, as ``Results.save`` wrote it."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    data["participants"] = [Participant(**item) for item in data["participants"]]
    data["samples"] = [_sample(item) for item in data["samples"]]
    data["idle"] = [IdleResult(**item) for item in data["idle"]]
    data["starts"] = [StartResult(**item) for item in data["starts"]]
    data["version_command"] = [StartResult(**item) for item in data["version_command"]]
    return Results(**data)


def _sample(item: dict[str, Any]) -> Sample:
    parts = {
        "scenario": Scenario(**item["scenario"]),
        "wrk": WrkResult(**item["wrk"]),
        "memory": Memory(**item["memory"]),
    }
    return Sample(**{**item, **parts})
