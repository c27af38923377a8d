"""The rules of ``DrainedTargets``."""

from __future__ import annotations

from vizgate.pipeline.drained import DrainedTargets


def test_target_is_drained_until_it_is_enabled() -> None:
    """For its service alone."""
    drained = DrainedTargets()
    drained.add("a", "h:1")
    assert [True, False, False] == [drained.has(*key) for key in (("a", "h:1"), ("b", "h:1"), ("a", "h:2"))]
    assert [True, False] == [drained.discard("a", "h:1") for _ in range(2)]
    assert not drained.has("a", "h:1")


def test_oldest_order_is_forgotten_where_there_are_too_many() -> None:
    """Names may come and go for ever."""
    drained = DrainedTargets(2)
    for number in range(3):
        drained.add("a", f"h:{number}")
    assert [False, True, True] == [drained.has("a", f"h:{number}") for number in range(3)]
    assert "<DrainedTargets [2]>" == repr(drained)
