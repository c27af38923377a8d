"""The rules of ``StateDraft``: nothing happens before it is adopted, and then what nobody asked for goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vizgate.breaker.machine import BreakerSettings
from vizgate.extension.kept import Kept
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.adoption.kept_draft import KeptDraft
from vizgate.gateway.state import GatewayState
from vizgate.health.ejection import EjectionRule
from vizgate.overload.bulkhead import BulkheadLimits
from vizgate.pipeline.target_state import Block
from vizgate.transport.pool import Endpoint, PoolLimits
from vizgate.transport.tls import UpstreamTls

_END, _LIMITS = Endpoint("127.0.0.1", 9), PoolLimits()


def asking(state: GatewayState, *services: str, only: tuple[str, ...] | None = None) -> StateDraft:
    """A draft in which each of *services* has one of everything."""
    draft = StateDraft(state, only)
    for service in services:
        target = draft.target(service, "127.0.0.1:9")
        draft.pool(service, _END, _LIMITS)
        draft.context(service, UpstreamTls())
        draft.breaker(target, BreakerSettings())
        draft.bulkhead(service, BulkheadLimits(5))
        draft.watched_target(target, EjectionRule())
        draft.probe_count(target, 2, 3)
    return draft


def sizes(state: GatewayState) -> set[int]:
    """How many entries there are of each kind; pools are shared."""
    return {
        len(getattr(state, name))
        for name in ("pool_users", "contexts", "targets", "breakers", "bulkheads", "watched", "probe_counts")
    }


def test_draft_that_is_dropped_leaves_nothing() -> None:
    """As a compile that fails does."""
    state = GatewayState()
    asking(state, "a", "b")
    assert ({0}, {}) == (sizes(state), state.pools)


def test_settings_change_when_a_draft_is_adopted_and_not_before() -> None:
    """Those of what was there already; it stays itself."""
    state = GatewayState()
    asking(state, "a").adopt()
    target = state.targets["a", "127.0.0.1:9", 1]
    machine, bulkhead = state.breakers[target], state.bulkheads["a"]
    draft = asking(state)
    draft.target("a", "127.0.0.1:9")
    draft.breaker(target, BreakerSettings(open_for_s=7.0))
    draft.bulkhead("a", BulkheadLimits(9))
    assert (30.0, 5) == (machine.settings.open_for_s, bulkhead.limits.in_flight)
    draft.adopt()
    assert (machine, bulkhead) == (state.breakers[target], state.bulkheads["a"])
    assert (7.0, 9) == (machine.settings.open_for_s, bulkhead.limits.in_flight)


def test_what_is_not_asked_for_any_more_goes() -> None:
    """Of every kind; a pool when no service uses it, and then nothing is kept in it any more."""
    state = GatewayState()
    asking(state, "a", "b").adopt()
    assert ({2}, 1) == (sizes(state), len(state.pools))
    (pool,) = state.pools.values()
    asking(state, "b").adopt()
    assert ({1}, [pool], False) == (sizes(state), [*state.pools.values()], pool._closed)
    asking(state).adopt()
    assert ({0}, {}, True) == (sizes(state), state.pools, pool._closed)


def test_draft_for_one_service_leaves_the_others_alone() -> None:
    """What is kept for nobody in particular, too."""
    state = GatewayState()
    asking(state, "a", "b").adopt()
    before = state.targets["b", "127.0.0.1:9", 1]
    kept = state.kept.get(Thing, "x", Thing)
    asking(state, only=("a",)).adopt()
    assert ({1}, before) == (sizes(state), state.targets["b", "127.0.0.1:9", 1])
    assert kept is state.kept.find(Thing, "x")


def test_blocks_that_nobody_would_lift_are_lifted() -> None:
    """And what an operator has said stays."""
    state = GatewayState()
    asking(state, "a").adopt()
    target = state.targets["a", "127.0.0.1:9", 1]
    for block in Block:
        target.block(block)
    watched, count = state.watched[target], state.probe_counts[target]
    draft = StateDraft(state)
    draft.target("a", "127.0.0.1:9")
    draft.adopt()
    assert Block.DRAINED == target.blocks
    # A request of the plan before, and a probe that was under way, come to an end now.
    watched.eject(1e9, state.sweeper)
    assert [False] * 5 == [count.record(good=False) for _ in range(5)]
    assert Block.DRAINED == target.blocks


def test_connections_read_in_another_manner_are_not_taken_over() -> None:
    """Their readers go by what was configured when they were made."""
    state = GatewayState()
    draft = StateDraft(state)
    assert draft.pool("a", _END, _LIMITS, "one") is draft.pool("b", _END, _LIMITS, "one")
    assert draft.pool("a", _END, _LIMITS, "one") is not draft.pool("a", _END, _LIMITS, "two")


def test_tls_context_changes_with_its_files(tmp_path: Path) -> None:
    """Connections are bound to it, so it stays as long as they do."""
    trustme: Any = pytest.importorskip("trustme")
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(ca)
    state = GatewayState()

    def context() -> object:
        draft = StateDraft(state)
        found = draft.context("a", UpstreamTls(ca=str(ca)))
        draft.adopt()
        return found

    first = context()
    assert first is context()
    trustme.CA().cert_pem.write_to_path(ca)
    assert first is not context()
    assert 1 == len(state.contexts)


class Thing:
    def clear(self) -> None: ...


def test_kept_things_are_those_the_last_plan_asked_for() -> None:
    """What fits is had again; what does not is made anew, and the old one is forgotten when that is adopted."""
    kept = Kept()
    first, second = kept.get(Thing, "a", Thing), kept.get(Thing, "b", Thing)
    draft = KeptDraft(kept)
    assert first is draft.get(Thing, "a", Thing)
    assert second is not draft.get(Thing, "b", Thing, lambda thing: thing is not second)
    assert second is kept.find(Thing, "b")
    draft.adopt()
    assert 2 == len(kept._things)
    assert second is not kept.find(Thing, "b")
    KeptDraft(kept).adopt()
    assert 0 == len(kept._things)
