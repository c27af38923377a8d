"""Listeners of pybreaker at the breakers of a service."""

from __future__ import annotations

import logging
from random import Random

import pybreaker
import pytest

from vizgate.breaker.config import BreakerConfig
from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import BreakerMachine
from vizgate.breaker.shown import ShownBreakers
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.extension.registry import PluginError, Registry
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import TargetState
from vizgate.testing import ManualClock

CONFIG = BreakerConfig(minimum_requests=2)


class Heard(pybreaker.CircuitBreakerListener):
    said: list[str]

    def __init__(self) -> None:
        type(self).said = []

    def state_change(self, cb, old_state, new_state) -> None:
        self.said.append(f"{cb.name}: {old_state.name} -> {new_state.name}")

    def success(self, cb) -> None:
        self.said.append(f"{cb.name}: good")

    def failure(self, cb, exc) -> None:
        self.said.append(f"{cb.name}: {exc}")


class Broken(pybreaker.CircuitBreakerListener):
    def failure(self, cb, exc) -> None:
        raise RuntimeError("the pager is off")


def attempts(shown: ShownBreakers, *outcomes: int | Termination) -> None:
    state = TargetState("users", "10.0.0.1:80")
    machine = BreakerMachine(CONFIG.settings, Random(1))
    gate = BreakerGate([state], [machine], CONFIG.outcome, Context(name="users", clock=ManualClock(1.0)), shown)
    gate.watch()
    for outcome in outcomes:
        permit = gate.admit(state, 1.0)
        assert permit is not None
        attempt = Attempt(state, 0, 1, 1.0, permit)
        if isinstance(outcome, Termination):
            attempt.termination = outcome
        else:
            attempt.status = outcome
        gate.settled(attempt, 1.0)


def test_listeners_are_told_of_calls_and_changes() -> None:
    """By name of service and target; what says nothing is not told of."""
    attempts(ShownBreakers([Heard]), 200, Termination.CLIENT_ABORT, Termination.UPSTREAM_TIMEOUT)
    assert [
        "users 10.0.0.1:80: good",
        "users 10.0.0.1:80: closed -> open",
        "users 10.0.0.1:80: upstream_timeout",
    ] == Heard.said


def test_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Its error is logged, and the others are told."""
    with caplog.at_level(logging.ERROR):
        attempts(ShownBreakers([Broken, Heard]), 503)
    assert ["users 10.0.0.1:80: 503"] == Heard.said
    assert "the pager is off" in caplog.text


def test_listener_is_a_class_at_an_import_path() -> None:
    """What is not there, or no class, is an error that says so."""
    registry = Registry({})
    assert pybreaker.CircuitBreakerListener is registry.resolve_class("pybreaker:CircuitBreakerListener")
    with pytest.raises(PluginError, match="not a class"):
        registry.resolve_class("pybreaker:STATE_OPEN")
    with pytest.raises(PluginError, match="there is no module"):
        registry.resolve_class("nowhere:Pager")


class Unmakeable(pybreaker.CircuitBreakerListener):
    def __init__(self) -> None:
        raise SystemExit("no pager")


def test_listener_that_cannot_be_made_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """The others are told, and no request fails."""
    attempts(ShownBreakers([Unmakeable, Heard]), 200)
    assert 1 == len(Heard.said)
    assert 1 == sum("a listener of a circuit breaker failed" in record.message for record in caplog.records)
