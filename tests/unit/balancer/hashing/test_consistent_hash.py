"""Equal keys to equal targets."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.balancer.config import HashConfig
from vizgate.balancer.hashing.consistent_hash import ConsistentHash
from vizgate.balancer.hashing.ring import MAX_TARGETS, Ring
from vizgate.extension.kinds.balancer import Member
from vizgate.pipeline.target_state import TargetState

CHANCE = random.Random(1)
KEYS = [CHANCE.getrandbits(64) for _ in range(10_000)]


def member(index: int, weight: float = 1, address: str = "") -> Member:
    return Member(index, weight, TargetState("users", address or f"10.0.0.{index}:80"))


def balancer_of(members: list[Member], load: float = 1.25) -> ConsistentHash:
    balancer = ConsistentHash(HashConfig(on="ip", load=load))
    balancer.update(tuple(members))
    return balancer


def picks_of(balancer: ConsistentHash) -> list[int | None]:
    return [balancer.pick(key=key) for key in KEYS]


def begin(balancer: ConsistentHash, key: int) -> int:
    picked = balancer.pick(key=key)
    assert picked is not None
    balancer.started(picked)
    return picked


def test_one_target_more_takes_its_share_of_keys_and_moves_no_other() -> None:
    """An eleventh target gets about an eleventh of 10,000 keys, all others stay where they were."""
    ten = [member(index) for index in range(10)]
    before = picks_of(balancer_of(ten))
    after = picks_of(balancer_of([*ten, member(10)]))
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {10} == {new for _, new in moved}
    assert len(moved) / 10_000 == pytest.approx(1 / 11, abs=0.02)


def test_target_that_leaves_gives_its_keys_away_and_gets_them_back() -> None:
    """Keys of others do not move, and those that did come back."""
    ten = [member(index) for index in range(10)]
    balancer = balancer_of(ten)
    before = picks_of(balancer)
    balancer.update(tuple(ten[1:]))
    away = picks_of(balancer)
    assert all(old == new for old, new in zip(before, away, strict=True) if old != 0)
    assert set(away) == set(range(1, 10))
    balancer.update(tuple(ten))
    assert before == picks_of(balancer)


def test_targets_that_all_leave_and_come_back_have_their_keys() -> None:
    """A breaker of the whole service opens and closes: nobody is picked meanwhile, and then everything is as before."""
    ten = [member(index) for index in range(10)]
    balancer = balancer_of(ten)
    before = picks_of(balancer)
    balancer.update(())
    assert {None} == set(picks_of(balancer))
    balancer.update(tuple(ten[:5]))
    assert set(range(5)) == set(picks_of(balancer))
    balancer.update(tuple(ten))
    assert before == picks_of(balancer)


def test_order_of_targets_in_the_configuration_does_not_matter() -> None:
    """Points follow from addresses: another number for the same address moves nothing."""
    there = balancer_of([member(index) for index in range(5)])
    reversed_here = balancer_of([member(4 - index, address=f"10.0.0.{index}:80") for index in range(5)])
    assert picks_of(there) == [4 - index for index in picks_of(reversed_here) if index is not None]


def test_points_are_the_same_in_every_process() -> None:
    """Another process, whose hashes of texts have another seed, picks the same."""
    program = (
        "from vizgate.balancer.hashing.ring import Ring; ring = Ring();"
        "ring.update({(0, 'a:80'): 50, (1, 'b:80'): 50}); print([ring.first(n << 60) for n in range(16)])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    ring = Ring()
    ring.update({(0, "a:80"): 50, (1, "b:80"): 50})
    assert {f"{[ring.first(n << 60) for n in range(16)]}\n"} == told


def test_shares_follow_weights_and_a_lower_weight_gives_keys_away_only() -> None:
    """A target whose weight shrinks, as seen from the others, keeps none that it had not."""
    full = balancer_of([member(0, 4), member(1, 4)])
    before = picks_of(full)
    full.update((member(0, 1), member(1, 4)))
    after = picks_of(full)
    assert Counter(after)[0] / 10_000 == pytest.approx(1 / 5, abs=0.04)
    assert all(old == 0 for old, new in zip(before, after, strict=True) if new == 0)


def test_equal_addresses_share_their_keys() -> None:
    """The same address twice is two targets."""
    counts = Counter(picks_of(balancer_of([member(0, address="a:80"), member(1, address="a:80")])))
    assert counts[0] / 10_000 == pytest.approx(0.5, abs=0.06)


def test_load_is_bounded_for_one_key() -> None:
    """When everybody asks for the same thing, nobody has more in flight than the bound, and others help."""
    balancer = balancer_of([member(index) for index in range(4)])
    counts = Counter(begin(balancer, KEYS[0]) for _ in range(100))
    assert max(counts.values()) <= 32
    assert sum(counts.values()) == 100
    assert counts[balancer_of([member(index) for index in range(4)]).pick(key=KEYS[0])] == 32


def test_key_comes_back_when_there_is_room() -> None:
    """What was too much goes elsewhere only as long as it is."""
    balancer = balancer_of([member(index) for index in range(4)])
    home = balancer.pick(key=KEYS[0])
    running = [begin(balancer, KEYS[0]) for _ in range(20)]
    assert len(set(running)) > 1
    for index in running:
        balancer.ended(index)
    assert home == balancer.pick(key=KEYS[0])


@settings(deadline=None)
@given(
    weights=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    load=st.sampled_from([1.0, 1.25, 2.0]),
    keys=st.lists(st.integers(0, 2**64 - 1), max_size=60),
)
def test_load_bound_holds_for_any_keys(weights: list[int], load: float, keys: list[int]) -> None:
    """At no time does a target have more in flight than its share times the bound, rounded up."""
    balancer = balancer_of([member(index, weight) for index, weight in enumerate(weights)], load)
    counts: Counter[int] = Counter()
    for number, key in enumerate(keys, 1):
        picked = begin(balancer, key)
        counts[picked] += 1
        assert counts[picked] < load * number * weights[picked] / sum(weights) + 1


def test_everybody_over_the_bound_is_still_a_pick() -> None:
    """With those that have room excluded, the first of the others on the ring is asked."""
    balancer = balancer_of([member(0), member(1)])
    for _ in range(10):
        balancer.started(0)
    assert balancer.pick({1}, KEYS[0]) == 0
    assert balancer.pick({0, 1}, KEYS[0]) is None
    assert balancer_of([]).pick(key=1) is None


def test_attempts_at_those_that_left_count_again_when_they_are_back() -> None:
    """In flight is counted by target, whether it is a member or not."""
    both = [member(0), member(1)]
    balancer = balancer_of(both)
    for _ in range(10):
        balancer.started(0)
    balancer.update((both[1],))
    balancer.ended(0)
    balancer.update(tuple(both))
    assert {1} == {balancer.pick(key=key) for key in KEYS[:100]}


def test_update_too_many_targets_is_refused() -> None:
    """The lower bits of a point hold an index of 16 bits."""
    with pytest.raises(ValueError, match="65536 targets at most"):
        balancer_of([member(MAX_TARGETS, address="a")])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.dictionaries(st.integers(0, 9), st.integers(1, 64), max_size=10), min_size=1, max_size=6))
def test_ring_that_changed_step_by_step_is_the_ring_made_at_once(steps: list[dict[int, int]]) -> None:
    """However it came to be, a ring is what its targets say."""
    ring, fresh = Ring(), Ring()
    for step in steps:
        ring.update({(index, f"{index}:80"): count for index, count in step.items()})
    fresh.update({(index, f"{index}:80"): count for index, count in steps[-1].items()})
    assert list(fresh.walk(0)) == list(ring.walk(0))
    assert sum(steps[-1].values()) == len(ring)


def test_ring_goes_around() -> None:
    """After the last point comes the first, and a walk visits every point once."""
    ring = Ring()
    ring.update({(0, "a:80"): 10, (1, "b:80"): 10})
    assert ring.first(2**64 - 1) == ring.first(0) == next(ring.walk(0))
    assert Counter({0: 10, 1: 10}) == Counter(ring.walk(1 << 63))
    with pytest.raises(IndexError):
        Ring().first(0)


def test_repr_tells_counts() -> None:
    """For a look in a debugger."""
    ring = Ring()
    ring.update({(0, "a:80"): 10})
    assert repr(ring) == "<Ring [1 targets, 10 points]>"
    assert repr(balancer_of([member(0)])) == "<ConsistentHash [1 members]>"
