"""The rules of ``ProbeRule``: whether an answer is a good one."""

from __future__ import annotations

import pytest

from vizgate.errors import ConnectFailed, InvalidResponse, ResponseTimedOut, UpstreamError, UpstreamReset
from vizgate.health.verdict import OUTCOMES, ProbeRule, outcome_of
from vizgate.pipeline.ports import ProbeAnswer


@pytest.mark.parametrize(
    ("rule", "answer", "outcome"),
    [
        (ProbeRule(frozenset({200})), ProbeAnswer(200), "ok"),
        (ProbeRule(frozenset({200, 204})), ProbeAnswer(204), "ok"),
        (ProbeRule(frozenset({200})), ProbeAnswer(503), "status"),
        (ProbeRule(frozenset({200})), ProbeAnswer(301), "status"),
        (ProbeRule(frozenset({200}), b"UP"), ProbeAnswer(200, b'{"status":"UP"}'), "ok"),
        (ProbeRule(frozenset({200}), b"UP"), ProbeAnswer(200, b'{"status":"DOWN"}'), "body"),
        (ProbeRule(frozenset({200}), b"UP"), ProbeAnswer(500, b"UP"), "status"),
        (ProbeRule(), ProbeAnswer(), "ok"),
    ],
)
def test_answer_is_good_with_one_of_the_statuses_and_the_text(
    rule: ProbeRule, answer: ProbeAnswer, outcome: str
) -> None:
    """Without statuses a connection is enough."""
    assert outcome == rule.outcome(answer)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectFailed(), "connect_failure"),
        (ResponseTimedOut(), "timeout"),
        (UpstreamReset(), "reset"),
        (InvalidResponse(), "invalid"),
    ],
)
def test_failure_is_told_by_its_kind(error: UpstreamError, outcome: str) -> None:
    """Each kind is a value of the label, and there are no others."""
    assert outcome == outcome_of(error)
    assert outcome in OUTCOMES
