"""Why a request takes the route it takes, and why not the others.

In: verdicts on single rules, one part after the other. Not in: routing itself; this is slow and thorough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from vizgate.message.headers import Headers
from vizgate.message.target import decode_segment
from vizgate.router.hosts import HostPattern
from vizgate.router.rule import Rule, RulePlan
from vizgate.router.template import VALUE_TESTS, Kind, Segment, split_affixes

_T = TypeVar("_T")


class Stage(Enum):
    """The part of a rule that decided, in the order in which they are looked at."""

    HOST = "host"
    PATH = "path"
    METHOD = "method"
    HEADERS = "headers"
    QUERY = "query"
    PRECEDENCE = "precedence"
    WON = "won"


@dataclass(frozen=True, slots=True)
class Verdict(Generic[_T]):
    """What became of one rule under one of its hosts: at which stage it was decided, and why in one sentence."""

    rule: Rule[_T]
    host: str
    stage: Stage
    reason: str

    @property
    def is_near(self) -> bool:
        """Whether host and path fit, so that the rule could have matched."""
        return self.stage not in {Stage.HOST, Stage.PATH}


@dataclass(frozen=True, slots=True)
class Question:
    """A request as rules are held against it; ``path`` is in normal form."""

    method: str
    host: str
    path: str
    query: bytes
    headers: Headers


def objection(plan: RulePlan[_T], host: HostPattern, question: Question) -> tuple[Stage, str] | None:
    """The first part of *plan*, under its pattern *host*, that does not hold; None when all do."""
    if not host.matches(question.host):
        return Stage.HOST, f"host '{question.host}' is not {host.text}"
    mismatch = _path_mismatch(plan.template.segments, question.path)
    if mismatch is not None:
        return Stage.PATH, mismatch
    if plan.methods is not None and question.method not in plan.methods:
        return Stage.METHOD, f"method {question.method} is not one of {', '.join(sorted(plan.methods))}"
    unmet = plan.unmet(question.headers, question.query)
    if unmet is not None:
        stage = Stage.HEADERS if unmet in plan.headers else Stage.QUERY
        return stage, f"no {'header' if stage is Stage.HEADERS else 'query parameter'} fulfils {unmet}"
    return None


def _path_mismatch(wanted: Sequence[Segment], path: str) -> str | None:
    segments = path.split("/")[1:]
    for number, segment in enumerate(wanted, 1):
        if segment.kind is Kind.PATH and number <= len(segments):
            return None
        if number > len(segments):
            return f"the path ends before segment {number}"
        problem = _segment_mismatch(segment, segments[number - 1])
        if problem is not None:
            return f"segment {number} of the path {problem}"
    if len(segments) == len(wanted):
        return None
    if segments[len(wanted) :] == [""]:
        return "the path ends with a slash"
    return f"the path has more than {len(wanted)} segments"


def _segment_mismatch(wanted: Segment, segment: str) -> str | None:
    if wanted.kind is Kind.LITERAL:
        return None if segment == wanted.prefix else f"is '{segment}', not '{wanted.prefix}'"
    value = split_affixes(wanted, decode_segment(segment))
    if value is not None and VALUE_TESTS[wanted.kind](value):
        return None
    return f"is '{segment}', not '{wanted.prefix}{{{wanted.name}:{wanted.kind.name.lower()}}}{wanted.suffix}'"
