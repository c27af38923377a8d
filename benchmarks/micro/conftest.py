"""Micro-benchmarks of single components: `pytest benchmarks/micro`. They measure time per call and judge nothing.

In: having them run although the project's own options skip benchmarks. Not in: throughput (``compare.py``).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Undo ``--benchmark-skip`` of pyproject.toml, which is there for the test suite."""
    if hasattr(config.option, "benchmark_skip"):
        config.option.benchmark_skip = False


@pytest.fixture(autouse=True)
def frozen_heap() -> Iterator[None]:
    """Keep pytest's own objects out of every collection, as the gateway does with what it made at start-up."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
