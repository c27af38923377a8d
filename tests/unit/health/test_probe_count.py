"""The rules of ``ProbeCount``: rise and fall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.health.probe_count import ProbeCount


def verdicts(count: ProbeCount, probes: str) -> list[bool]:
    """The verdict after each of *probes*: ``+`` is a good one, ``-`` a bad one."""
    found = []
    for probe in probes:
        count.record(good=probe == "+")
        found.append(count.is_healthy)
    return found


def test_new_target_is_healthy_until_so_many_probes_in_a_row_say_otherwise() -> None:
    """Three bad probes, and not the first one, take a target out."""
    assert [True, True, False] == verdicts(ProbeCount(2, 3), "---")


def test_good_probe_begins_the_row_anew() -> None:
    """Bad probes with good ones between them take nothing out."""
    assert [True] * 8 == verdicts(ProbeCount(2, 3), "--+--+--")


def test_unhealthy_target_needs_so_many_good_probes_in_a_row() -> None:
    """A target that flaps with every probe stays out."""
    assert [False, False, False, False, False, True] == verdicts(ProbeCount(2, 1), "-+-+-++")[1:]


def test_record_tells_of_changes_only() -> None:
    """True is said once for each change."""
    count = ProbeCount(1, 2)
    assert [False, True, False, True, False] == [count.record(good=good) for good in (False, False, False, True, True)]


def test_adopted_numbers_leave_the_verdict() -> None:
    """A reload makes no target healthy."""
    count = ProbeCount(2, 1)
    count.record(good=False)
    count.adopt(healthy_after=1, unhealthy_after=5)
    assert not count.is_healthy
    assert count.record(good=True)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_verdict_changes_only_after_enough_equal_probes(probes: list[bool], rise: int, fall: int) -> None:
    """Whatever comes: a change to a verdict has as many probes of its kind right before it."""
    count = ProbeCount(rise, fall)
    for at, good in enumerate(probes, 1):
        if count.record(good=good):
            enough = rise if count.is_healthy else fall
            assert [count.is_healthy] * enough == probes[at - enough : at]
