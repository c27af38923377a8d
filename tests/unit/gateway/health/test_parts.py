"""The rules of ``HealthParts``: what a plan has for health, and what lives on when the next one comes."""

from __future__ import annotations

from vizgate.config import load_text
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.build import Compiled, compile_plan
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.rehearsal.memory import RehearsalState
from vizgate.gateway.state import GatewayState
from vizgate.health.prober import Prober
from vizgate.health.slow_start import SlowStart
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock

ALL = "{active: {}, passive: {failures: 1}, slow_start: 10s}"


def compiled(state: GatewayState, health: str = "") -> Compiled:
    text = f"""
services:
  users: {{targets: [http://127.0.0.1:3001, http://127.0.0.1:3002]{f", health: {health}" if health else ""}}}
  orders: {{targets: [http://127.0.0.1:3001]{f", health: {health}" if health else ""}}}
routes:
  - {{match: {{path: /a}}, service: users}}
  - {{match: {{path: /b}}, service: users}}
  - {{match: {{path: /c}}, service: orders}}
"""
    made = compile_plan(load_text(text), StateDraft(state), Registry(BUILTIN))
    made.draft.adopt()
    return made


def first_state(made: Compiled) -> TargetState:
    return made.plan.services["users"].targets.targets[0].state


def leave_out(state: GatewayState, made: Compiled) -> None:
    """Leave the first target out, as its traffic would."""
    watched = state.watched[first_state(made)]
    watched.eject(watched.record.eject(state.clock.monotonic()), state.sweeper)


def test_one_prober_for_all_services() -> None:
    """Each target of a service once, whatever number of routes it has."""
    kinds = [type(part) for part in compiled(GatewayState(), ALL).background]
    assert [Prober, SlowStart, SlowStart] == kinds
    prober = compiled(GatewayState(), ALL).background[0]
    assert "3 targets" in repr(prober)


def test_service_without_health_has_nothing_of_it() -> None:
    """Neither a component nor the loop over attempts."""
    made = compiled(GatewayState())
    assert ((), ()) == (made.components, made.background)
    service = made.plan.services["users"]
    assert (False, False) == (service.counts_in_flight, service.is_watched)


def test_probes_alone_leave_the_cheap_forwarder() -> None:
    """They cost requests nothing."""
    made = compiled(GatewayState(), "{active: {}}")
    assert not made.plan.services["users"].counts_in_flight


def test_rehearsal_has_no_prober() -> None:
    """It reaches no network."""
    assert [SlowStart, SlowStart] == [type(each) for each in compiled(RehearsalState(), ALL).background]


def test_what_is_known_lives_on_in_the_next_plan() -> None:
    """Verdicts and ejections, and their end."""
    clock = ManualClock(1.0)
    state = GatewayState(clock=clock)
    before = compiled(state, ALL)
    leave_out(state, before)
    state.probe_counts[first_state(before)].adopt(1, 1)
    state.probe_counts[first_state(before)].record(good=False)
    after = compiled(state, ALL)
    assert first_state(after) is first_state(before)
    assert Block.EJECTED == first_state(after).blocks
    assert not state.probe_counts[first_state(after)].is_healthy
    clock.advance(30.1)
    state.sweeper.sweep(clock.monotonic())
    assert first_state(after).is_fit


def test_reload_that_takes_health_away_leaves_nobody_out() -> None:
    """Nobody would bring them back."""
    state = GatewayState()
    before = compiled(state, ALL)
    leave_out(state, before)
    first_state(before).block(Block.UNHEALTHY)
    first_state(before).block(Block.DRAINED)
    after = compiled(state)
    assert Block.DRAINED == first_state(after).blocks
    assert ({}, {}) == (state.watched, state.probe_counts)
    assert 0 == len(state.sweeper)
