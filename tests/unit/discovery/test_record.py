"""What is known of a source of targets."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vizgate.discovery.record import NO_TARGETS, SourceRecord
from vizgate.extension.kinds.discovery import MAX_TARGETS, Discovered, DiscoveredTarget

ONE = Discovered.of("10.0.0.1:80")
TWO = Discovered.of("10.0.0.1:80", "10.0.0.2:80")
NONE = Discovered(())


def record(on_empty="keep") -> SourceRecord:
    return SourceRecord(on_empty, Random(1))


def test_answer_with_other_targets_is_a_change() -> None:
    """The first answer is a change, the same again is none, another one is."""
    source = record()
    assert [True, False, True] == [source.answered(answer, 1.0) for answer in (ONE, ONE, TWO)]
    assert TWO.targets == source.targets


def test_order_and_doubles_are_no_change() -> None:
    """Name servers give records in another order every time; an address that stands twice is one target."""
    source = record()
    source.answered(TWO, 1.0)
    assert not source.answered(Discovered(TWO.targets[::-1] + TWO.targets), 2.0)
    assert TWO.targets == source.targets


def test_change_of_a_property_is_a_change() -> None:
    """A target that is leaving, or weighs more, is told."""
    source = record()
    source.answered(Discovered((DiscoveredTarget("a", 80),)), 1.0)
    assert source.answered(Discovered((DiscoveredTarget("a", 80, is_leaving=True),)), 2.0)
    assert source.answered(Discovered((DiscoveredTarget("a", 80, weight=2),)), 3.0)


def test_failure_keeps_the_targets_and_their_age_grows() -> None:
    """A source that fails leaves the last good targets, and tells since when they are not confirmed."""
    source = record()
    assert source.age_s(5.0) is None
    source.answered(ONE, 10.0)
    source.failed("no name server has answered")
    assert (ONE.targets, 50.0, "no name server has answered") == (source.targets, source.age_s(60.0), source.error)
    source.answered(ONE, 61.0)
    assert (0.0, "", 0, 1) == (source.age_s(61.0), source.error, source.in_a_row, source.failures)


def test_wait_after_failures_doubles_up_to_half_a_minute() -> None:
    """From half a second on; a quarter earlier or later, so that many gateways do not ask in one moment."""
    source = record()
    waits = [source.failed("away") for _ in range(10)]
    for wait, middle in zip(waits, (0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30), strict=True):
        assert 0.75 * middle <= wait <= 1.25 * middle
    source.answered(ONE, 1.0)
    assert source.failed("away") <= 0.625


def test_empty_answer_keeps_the_last_targets_by_default() -> None:
    """An answer without targets changes nothing, is told, and makes the last good one no younger."""
    source = record()
    source.answered(ONE, 10.0)
    assert not source.answered(NONE, 20.0)
    assert (ONE.targets, 20.0, NO_TARGETS) == (source.targets, source.age_s(30.0), source.error)


def test_empty_answer_is_taken_where_that_is_accepted() -> None:
    """With ``on_empty: accept`` none is none; and the first answer has nothing to keep."""
    source = record("accept")
    source.answered(ONE, 10.0)
    assert source.answered(NONE, 20.0)
    assert () == source.targets
    fresh = record()
    assert fresh.answered(NONE, 1.0)
    assert () == fresh.targets


def test_answer_with_too_many_targets_is_a_failure() -> None:
    """No answer makes the gateway grow without a bound."""
    source = record()
    source.answered(ONE, 1.0)
    many = tuple(DiscoveredTarget(f"t{n}", 80) for n in range(MAX_TARGETS + 1))
    assert not source.answered(Discovered(many), 2.0)
    assert (ONE.targets, 1) == (source.targets, source.failures)


@given(st.lists(st.sampled_from([ONE, TWO, NONE, None]), max_size=30), st.sampled_from(["keep", "accept"]))
def test_targets_are_those_of_the_last_answer_that_counts(answers: list[Discovered | None], on_empty: str) -> None:
    """Whatever comes: failures change nothing, and a change is told exactly when there is one."""
    source, wanted = record(on_empty), None
    for moment, answer in enumerate(answers):
        before = source.targets
        if answer is None:
            source.failed("away")
        else:
            if answer.targets or not wanted or on_empty == "accept":
                wanted = answer.targets
            assert source.answered(answer, float(moment)) is (source.targets != before)
        assert wanted == source.targets
