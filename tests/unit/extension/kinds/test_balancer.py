"""What every balancer has from its base class."""

from __future__ import annotations

import pytest

from vizgate.balancer.hashing.consistent_hash import ConsistentHash
from vizgate.balancer.least_connections import LeastConnections
from vizgate.extension.kinds.balancer import Balancer


def test_attempt_counts_as_long_as_the_block_runs() -> None:
    """Without a gateway a program counts its own attempts."""
    balancer = LeastConnections.of([1, 1])
    with balancer.attempt(0) as member:
        assert (0, 1) == (member.index, member.state.in_flight)
        assert [1, 1] == [balancer.pick(), balancer.pick()]
    assert member.state.in_flight == 0


def test_attempt_that_fails_counts_no_longer() -> None:
    """However the block ends."""
    balancer = LeastConnections.of([1, 1])
    with pytest.raises(KeyError), balancer.attempt(1):
        raise KeyError
    assert [0, 0] == [member.state.in_flight for member in balancer.members]


def test_attempt_at_nobody_is_refused() -> None:
    """An index that is no member's is a mistake of the caller."""
    with pytest.raises(LookupError, match="no member has the index 7"), LeastConnections.of([1]).attempt(7):
        pass


def test_balancer_that_says_nothing_has_its_attempts_counted() -> None:
    """The safe default: a rule that looks at load is never shown zeros."""
    assert (True, False, False) == (Balancer.wants_load, Balancer.wants_latency, Balancer.wants_key)


def test_hash_attempts_at_a_stranger_do_not_count_for_members() -> None:
    """Affinity may lead to a target that is no member; what is in flight there is nobody's share."""
    balancer = ConsistentHash.of([1, 1])
    everyone = balancer.members
    balancer.update(everyone[:1])
    balancer.started(1)
    assert balancer._total == 0
    balancer.update(everyone)
    assert balancer._total == 1
