"""The rules of ``LogLevelSwitch``: changing how much is logged, and the way back."""

from __future__ import annotations

import logging

import pytest

from vizgate.observe.log_level import LogLevelSwitch


@pytest.fixture
def switch() -> LogLevelSwitch:
    return LogLevelSwitch(logger_at(logging.INFO))


def logger_at(level: int) -> logging.Logger:
    logger = logging.getLogger("vizgate-test-of-levels")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(level)
    return logger


def test_way_back_leads_to_the_first_level(switch: LogLevelSwitch) -> None:
    """However often it was changed in between."""
    assert ("info", False) == (switch.level, switch.is_changed)
    switch.change("debug")
    switch.change("error")
    assert ("error", True) == (switch.level, switch.is_changed)
    switch.back()
    switch.back()
    assert ("info", False) == (switch.level, switch.is_changed)


def test_end_of_its_time_leads_back(switch: LogLevelSwitch) -> None:
    """And leaves no deadline."""
    switch.change("debug")
    switch.deadline_s = 5.0
    switch.expire()
    assert ("info", 0.0) == (switch.level, switch.deadline_s)


def test_level_of_a_program_is_told_as_the_nearest_known() -> None:
    """So that it can be told as one of them."""
    for number, name in ((5, "debug"), (15, "info"), (30, "warning"), (45, "critical"), (99, "critical")):
        assert name == LogLevelSwitch(logger_at(number)).level
