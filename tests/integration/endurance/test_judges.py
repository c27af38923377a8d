"""What the long runs call explained, and what flat."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="the benchmarks are not in the source distribution")


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("endurance.watch.verdict")


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("endurance.watch.samples")


@pytest.mark.parametrize(
    ("port", "opened_s", "failed_s", "expected"),
    [
        pytest.param(5000, 1.0, 10.5, True, id="held-and-broke-after-the-kill"),
        pytest.param(5001, 1.0, 10.5, False, id="held-by-another-worker"),
        pytest.param(5000, 1.0, 9.0, False, id="broke-before-the-kill"),
        pytest.param(5000, 11.0, 12.0, False, id="the-port-was-used-again"),
        pytest.param(0, 1.0, 10.5, False, id="a-wrong-answer-or-no-connection"),
    ],
)
def test_failure_is_explained_only_by_its_workers_death(
    verdict: ModuleType, port: int, opened_s: float, failed_s: float, expected: bool
) -> None:
    """A failure is explained when a killed worker held its connection in that moment, and it broke after that."""
    kills = [verdict.Kill(pid=1, at_s=10.0, ports=frozenset({5000}))]
    failure = verdict.Failure("was reset before an answer", port, opened_s, failed_s)
    assert expected == verdict.is_explained(failure, kills)


def test_ledger_splits_its_failures(verdict: ModuleType) -> None:
    """Failures are counted by what happened, those that are explained apart from the others."""
    ledger = verdict.Ledger()
    for port in (5000, 5000, 5001):
        ledger.fail(verdict.Failure("was reset", port, 1.0, 11.0))
    explained, others = ledger.split([verdict.Kill(1, 10.0, frozenset({5000}))])
    assert ({"was reset": 2}, {"was reset": 1}) == (dict(explained), dict(others))
    assert 3 == ledger.sent


@pytest.mark.parametrize(
    ("second_half", "expected"),
    [
        pytest.param([100.0] * 10, 0.0, id="flat"),
        pytest.param([100.0, 104.0] * 5, 0.0, id="it-swings-but-goes-nowhere"),
        pytest.param([100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0], 8.0, id="it-grows"),
        pytest.param([100.0] * 4 + [110.0] * 2 + [100.0] * 4, 10.0, id="a-hump"),
        pytest.param([100.0] * 4 + [110.0, 100.0] + [100.0] * 4, 0.0, id="a-peak"),
    ],
)
def test_flatness_is_the_spread_of_what_the_fifths_of_the_second_half_hold_at_least(
    samples: ModuleType, second_half: list[float], expected: float
) -> None:
    """What happens in the first half does not count; of the second half the least of each of five parts is compared."""
    values = [1.0] * 10 + second_half
    flat = samples.flatness([samples.Sample(memory=value, descriptors=7, threads=1, tasks=0) for value in values])
    assert expected == pytest.approx(flat["memory"].spread_percent)
    assert sum(second_half) / 10 == pytest.approx(flat["memory"].mean)
    assert 0.0 == flat["descriptors"].spread_percent == flat["tasks"].spread_percent
