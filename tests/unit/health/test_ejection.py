"""The rules of ejection: when a target is left out, for how long, and how many may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.health.ejection import MOST_TIMES, EjectionRule, TrafficRecord


def reasons(record: TrafficRecord, what: str, step_s: float = 1.0) -> list[str]:
    """What each of *what* leads to: ``5`` is an answer with 5xx, ``x`` none, ``+`` a good one that came whole."""
    found, now_s = [], 100.0
    for letter in what:
        now_s += step_s
        if letter == "+":
            record.answered(now_s)
            record.proved()
            found.append("")
        else:
            found.append(record.failed(now_s, local=letter == "x"))
    return found


def test_failures_in_a_row_are_a_reason() -> None:
    """Five by default, and not four."""
    assert ["", "", "", "", "failures"] == reasons(TrafficRecord(EjectionRule()), "55555")


def test_good_answer_begins_the_row_anew() -> None:
    """Failures with good answers between them are no reason."""
    assert {""} == set(reasons(TrafficRecord(EjectionRule(failures=2, local_failures=2)), "5+5+x+x+"))


def test_failures_in_a_row_must_lie_within_the_window() -> None:
    """A failure an hour says nothing about now."""
    rule = EjectionRule(failures=3, window_s=10.0)
    assert "" == reasons(TrafficRecord(rule), "555", step_s=6.0)[-1]
    assert "failures" == reasons(TrafficRecord(rule), "555", step_s=5.0)[-1]


def test_attempts_without_an_answer_are_counted_apart() -> None:
    """They have a number of their own, and leave that of bad answers alone."""
    record = TrafficRecord(EjectionRule(failures=3, local_failures=2))
    assert ["", "", "", "local_failures"] == reasons(record, "55xx")
    assert ["", "", "failures"] == reasons(TrafficRecord(EjectionRule(failures=2, local_failures=5)), "5x5")


def test_bad_answer_is_an_answer() -> None:
    """It ends the row of attempts without one."""
    assert {""} == set(reasons(TrafficRecord(EjectionRule(failures=9, local_failures=2)), "x5x5x"))


def test_zero_does_not_look() -> None:
    """Failures of a kind with 0 are never a reason."""
    assert {""} == set(reasons(TrafficRecord(EjectionRule(failures=0, local_failures=0)), "555xxx" * 5))


def test_failure_rate_needs_enough_requests() -> None:
    """Half of ten, but not of nine; bad answers and none count alike."""
    rule = EjectionRule(failures=0, local_failures=0, failure_rate=0.5, minimum_requests=10)
    found = reasons(TrafficRecord(rule), "5+x+5+x+5x", step_s=0.1)
    assert [""] * 9 + ["failure_rate"] == found


def test_failures_that_the_rate_allows_are_no_reason() -> None:
    """Four of ten are less than half."""
    rule = EjectionRule(failures=0, local_failures=0, failure_rate=0.5, minimum_requests=10)
    assert "" == reasons(TrafficRecord(rule), "+++++++555", step_s=0.1)[-1]


def test_ejections_in_a_row_last_longer_each_time_and_are_bounded() -> None:
    """Once, twice, three times as long; ten times at most."""
    record, now_s, lengths = TrafficRecord(EjectionRule(eject_for_s=30.0)), 100.0, []
    for _ in range(12):
        until_s = record.eject(now_s)
        lengths.append(until_s - now_s)
        now_s = until_s + 1.0
    assert [30.0 * times for times in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10)] == lengths


def test_target_that_behaves_is_forgiven_step_by_step() -> None:
    """For each ``eject_for`` that it is back, one ejection is forgotten."""
    record, now_s = TrafficRecord(EjectionRule(eject_for_s=30.0)), 0.0
    for _ in range(3):
        now_s = record.eject(now_s)
    assert 3 == record.times
    record.eject(now_s + 65.0)
    assert 2 == record.times
    record.eject(now_s + 100_000.0)
    assert 1 == record.times


def test_ejection_begins_the_count_anew() -> None:
    """Who comes back has a clean record."""
    record = TrafficRecord(EjectionRule(failures=2))
    assert "failures" == reasons(record, "55")[-1]
    record.eject(200.0)
    assert ["", "failures"] == reasons(record, "55")


@pytest.mark.parametrize(
    ("share", "targets", "most"),
    [(0.5, 1, 0), (0.5, 2, 1), (0.5, 3, 1), (0.5, 10, 5), (0.1, 3, 1), (0.1, 100, 10), (0.29, 100, 29), (1.0, 1, 1),
     (1.0, 4, 4), (0.0, 5, 0)],
)  # fmt: skip
def test_share_of_targets_that_may_be_out(share: float, targets: int, most: int) -> None:
    """The share, rounded down; of two or more targets one always may."""
    rule = EjectionRule(max_ejected=share)
    assert most == next(ejected for ejected in range(targets + 1) if not rule.has_room(targets, ejected))


@given(st.lists(st.floats(0, 200), max_size=30), st.floats(0.1, 60))
def test_ejection_never_ends_before_it_begins_nor_lasts_for_ever(gaps: list[float], eject_for_s: float) -> None:
    """Whenever they come, each lasts from one to ten times the configured time."""
    record, now_s = TrafficRecord(EjectionRule(eject_for_s=eject_for_s)), 0.0
    for gap_s in gaps:
        now_s += gap_s
        until_s = record.eject(now_s)
        assert eject_for_s * 0.999 <= until_s - now_s <= eject_for_s * MOST_TIMES * 1.001
        now_s = until_s
