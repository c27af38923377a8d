"""The rules of ``RetryRule`` and of reading ``Retry-After``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import Termination
from vizgate.retry.retry_after import seconds_of
from vizgate.retry.rule import RetryRule

RULE = RetryRule(attempts=3)


@pytest.mark.parametrize(
    ("number", "status", "termination", "worth"),
    [
        (1, 503, None, True),
        (2, 503, None, True),
        (3, 503, None, False),  # that was the last
        (1, 500, None, False),
        (1, 0, Termination.CONNECT_FAILURE, True),
        (1, 0, Termination.UPSTREAM_INVALID, True),
        (1, 0, Termination.UPSTREAM_TIMEOUT, False),  # not by default: it may be at work still
        (1, 0, Termination.CLIENT_ABORT, False),
    ],
)
def test_worth_is_what_the_configuration_names(
    number: int, status: int, termination: Termination | None, worth: bool
) -> None:
    """Only named outcomes are tried again, and never past the number of attempts."""
    assert worth == RULE.is_worth(number, status, termination)


@pytest.mark.parametrize(
    ("method", "nothing_sent", "has_body", "safe"),
    [
        ("POST", True, False, True),
        ("POST", False, True, False),
        ("PATCH", False, True, False),
        ("GET", False, True, True),
        ("PUT", False, True, True),
        ("PUT", False, False, False),  # half of its body is gone
    ],
)
def test_safe_is_what_can_do_no_harm(method: str, nothing_sent: bool, has_body: bool, safe: bool) -> None:
    """Once a byte was sent, only methods that may be sent twice are, with the whole of their body."""
    assert safe == RULE.is_safe(method, nothing_sent=nothing_sent, has_body=has_body)


def test_named_method_may_be_sent_twice() -> None:
    """Whoever names POST says that twice is harmless."""
    rule = RetryRule(methods=frozenset({"POST"}))
    assert rule.is_safe("POST", nothing_sent=False, has_body=True)


@given(number=st.integers(1, 10_000), seed=st.integers())
def test_backoff_is_random_up_to_a_bound_that_doubles(number: int, seed: int) -> None:
    """Full jitter: from 0 to base * 2^(number - 1), and never over the longest."""
    wait_s = RULE.backoff(number, Random(seed))
    assert 0.0 <= wait_s <= min(1.0, 0.025 * 2.0 ** min(number - 1, 40))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("9" * 40, float("inf")),
        ("Thu, 01 Jan 2026 00:00:10 GMT", 10.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("-1", None),
        ("soon", None),
        ("\u0663", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    """RFC 9110 10.2.3; what cannot be read says nothing."""
    assert expected == seconds_of(value, 1_767_225_600.0)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is nine hours ahead."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_retry_after_in_the_form_of_asctime_is_in_utc() -> None:
    """RFC 9110 5.6.7: a recipient MUST accept it, and it has no zone."""
    assert 10.0 == seconds_of("Thu Jan  1 00:00:10 2026", 1_767_225_600.0)


@given(st.text())
def test_retry_after_of_any_text_is_no_error(value: str) -> None:
    """An upstream may send what it likes."""
    seconds = seconds_of(value, 0.0)
    assert seconds is None or seconds >= 0
