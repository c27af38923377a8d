"""The lines of the audit log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.integration.admin.bench")


class Lines(logging.Handler):
    """Keeps what is logged. ``changes``: the documents of its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]


@pytest.fixture
def audit() -> Iterator[Lines]:
    lines = Lines()
    logger = logging.getLogger("vizgate.audit")
    logger.addHandler(lines)
    yield lines
    logger.removeHandler(lines)
