"""What holds for every test."""

from __future__ import annotations

import gc

import pytest

# Before anybody imports them: several folders use them, and each may be the first.
pytest.register_assert_rewrite(
    "tests.integration.cli.program",
    "tests.integration.doors",
    "tests.integration.redis_server",
    "tests.integration.tls.secure",
)


def pytest_collection_finish() -> None:
    """Never look again at what collecting thousands of tests has left: it would slow down what a test measures."""
    gc.collect()
    gc.freeze()
