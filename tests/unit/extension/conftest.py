from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

_MADE_FOR_TESTS = ("registry_", "acme_", "my_filters")


@pytest.fixture
def forget_imports() -> Iterator[None]:
    """Modules that a test puts on the import path are imported anew by the next one."""
    yield
    for name in [name for name in sys.modules if name.startswith(_MADE_FOR_TESTS)]:
        del sys.modules[name]
