from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from vizgate.config import ConfigError, load_text

Refused = Callable[..., list[str]]

_SERVICE = "services: {users: {targets: ['http://127.0.0.1:3001']}, echo: {builtin: echo}}\n"


@pytest.fixture
def sample() -> str:
    """Every key that this version takes, as the reference of the format shows it."""
    return (Path(__file__).parent / "samples" / "full.yaml").read_text("utf-8")


@pytest.fixture
def services() -> str:
    """One line of YAML that defines the services ``users`` and ``echo``."""
    return _SERVICE


@pytest.fixture
def refused() -> Refused:
    """Loads a text that must be refused; gives its problems as text. The environment is empty unless given."""

    def load(text: str, environment: Mapping[str, str] | None = None, **more: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_text(text, "config.yaml", environment=environment or {}, **more)
        assert str(caught.value).split("\n") == [str(problem) for problem in caught.value.problems]
        return [str(problem) for problem in caught.value.problems]

    return load
