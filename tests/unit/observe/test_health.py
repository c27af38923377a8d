"""Tests of the health states."""

from __future__ import annotations

import json

import pytest

from vizgate.observe.health import Health, Phase


def _at(phase: Phase) -> Health:
    health = Health()
    if phase is not Phase.STARTING:
        health.mark_ready()
    if phase is Phase.DRAINING:
        health.mark_draining()
    return health


@pytest.mark.parametrize(("phase", "status"), [(Phase.STARTING, 503), (Phase.READY, 200), (Phase.DRAINING, 503)])
def test_readiness_by_phase_has_its_status(phase: Phase, status: int) -> None:
    """Only a ready gateway asks for traffic, and the body says which phase it is in."""
    reply = _at(phase).readiness()
    assert reply.status == status
    assert json.loads(reply.body) == {"status": phase.value}


@pytest.mark.parametrize("phase", list(Phase))
def test_liveness_and_health_in_any_phase_are_200(phase: Phase) -> None:
    """A process that answers is alive: starting and draining are no reasons to kill it."""
    health = _at(phase)
    assert (health.liveness().status, health.health().status) == (200, 200)
    assert json.loads(health.health().body) == {"status": "ok"}


def test_readiness_required_service_down_is_503_with_its_name() -> None:
    """A ready gateway without a healthy target of a required service asks for no traffic, and says why."""
    reply = _at(Phase.READY).readiness(["users", "cases"])
    assert reply.status == 503
    assert json.loads(reply.body) == {"status": "unavailable", "services": ["cases", "users"]}


def test_mark_ready_while_draining_stays_draining() -> None:
    """A late start does not undo a stop."""
    health = _at(Phase.DRAINING)
    health.mark_ready()
    assert health.phase is Phase.DRAINING


def test_mark_draining_while_starting_drains() -> None:
    """A stop during the start counts."""
    health = Health()
    health.mark_draining()
    assert health.phase is Phase.DRAINING
    assert repr(health) == "<Health [draining]>"


def test_withdrawn_gateway_fails_readiness_until_that_is_taken_back() -> None:
    """An operator's word; a stop stands above it."""
    health = _at(Phase.READY)
    health.is_withdrawn = True
    assert (503, {"status": "draining"}) == (health.readiness().status, json.loads(health.readiness().body))
    assert (Phase.READY, Phase.DRAINING) == (health.phase, health.told)
    health.is_withdrawn = False
    assert 200 == health.readiness().status
    health.mark_draining()
    assert Phase.DRAINING is health.told


def test_withdrawn_gateway_that_starts_is_starting() -> None:
    """A start begins anew."""
    health = Health()
    health.is_withdrawn = True
    assert Phase.STARTING is health.told
    health.restart()
    health.mark_ready()
    assert 200 == health.readiness().status
