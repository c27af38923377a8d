"""What holds for every test."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Never look again at what collecting thousands of tests has left: it would slow down what a test measures."""
    gc.collect()
    gc.freeze()
