"""Who may be asked: priorities and zones."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet, choose_members
from vizgate.pipeline.target_state import Block, TargetState


def targets_of(*settings: dict[str, Any]) -> list[ServiceTarget]:
    """Targets without connections; ``out``: whether something speaks against it."""
    made = []
    for number, setting in enumerate(settings):
        state = TargetState("users", f"a{number}:80")
        if setting.pop("out", False):
            state.block(Block.UNHEALTHY)
        made.append(ServiceTarget(None, state, **setting))  # type: ignore[arg-type]  # nobody is asked here
    return made


def chosen(targets: list[ServiceTarget], zone: str = "") -> list[int]:
    return [index for index, _ in choose_members(targets, Selection(zone=zone), 0.0)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([{}, {}], [0, 1]),
        ([{"priority": 1}, {}, {"priority": 1}], [1]),
        ([{"priority": 1}, {"out": True}, {"priority": 1}], [0, 2]),
        ([{"priority": 1}, {"out": True}, {"priority": 2}], [0]),
        ([{"priority": 1, "out": True}, {"out": True}, {"priority": 7}], [2]),
        ([{"out": True}], []),
    ],
)
def test_choose_members_is_the_best_group_that_has_anybody(settings: list[dict[str, Any]], expected: list[int]) -> None:
    """Groups with a higher number stand by until nobody with a lower one is left."""
    assert expected == chosen(targets_of(*settings))


@pytest.mark.parametrize(
    ("zone", "settings", "expected"),
    [
        ("a", [{"zone": "a"}, {"zone": "b"}, {}], [0]),
        ("b", [{"zone": "a"}, {"zone": "b"}, {"zone": "b"}], [1, 2]),
        ("a", [{"zone": "a", "out": True}, {"zone": "b"}, {}], [1, 2]),
        ("c", [{"zone": "a"}, {"zone": "b"}], [0, 1]),
        ("", [{"zone": "a"}, {"zone": "b"}], [0, 1]),
        ("a", [{"zone": "a", "priority": 1}, {"zone": "b"}], [1]),
        ("a", [{"zone": "a", "priority": 1}, {"zone": "b", "out": True}, {"zone": "b", "priority": 1}], [0]),
    ],
)
def test_choose_members_prefers_the_own_zone_within_a_group(
    zone: str, settings: list[dict[str, Any]], expected: list[int]
) -> None:
    """Near targets as long as there are any, but priorities come first."""
    assert expected == chosen(targets_of(*settings), zone)


def test_reserve_is_asked_when_all_members_were_tried() -> None:
    """Then the next group is, each of it in turn, and nobody who is out; at last there is nobody."""
    settings = [{}, {"priority": 1}, {"priority": 1}, {"priority": 2}, {"priority": 1, "out": True}]
    chosen = TargetSet(targets_of(*settings), Selection(), lambda: 0.0, lambda members: None)
    chosen.attach()
    first = [chosen.reserve({0}) for _ in range(4)]
    assert ({1, 2}, 2) == (set(first), first.count(1))
    assert 3 == chosen.reserve({0, 1, 2})
    assert chosen.reserve({0, 1, 2, 3}) is None


def test_reserve_of_a_zone_is_the_rest_of_its_group() -> None:
    """When the near targets were tried, those of other zones come before those of a lower priority."""
    settings = [{"zone": "a"}, {"zone": "b"}, {"zone": "a", "priority": 1}]
    chosen = TargetSet(targets_of(*settings), Selection(zone="a"), lambda: 0.0, lambda members: None)
    chosen.attach()
    assert [1, 2] == [chosen.reserve({0}), chosen.reserve({0, 1})]
