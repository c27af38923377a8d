from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli.program import Program, SlowUpstream

Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program with arguments; whatever still runs at the end is killed."""
    running: list[Program] = []

    def call(*arguments: str | Path) -> Program:
        program = Program([str(argument) for argument in arguments], tmp_path)
        running.append(program)
        return program

    yield call
    for program in running:
        program.__exit__(None, None, None)


@pytest.fixture
def upstream() -> Iterator[SlowUpstream]:
    server = SlowUpstream()
    yield server
    server.close()


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration on free ports; *target* is where /slow leads."""

    def write(target: str = "http://127.0.0.1:1", more: str = "") -> Path:
        path = tmp_path / "vizgate.yaml"
        path.write_text(
            "version: 1\nserver: {listen: '127.0.0.1:0', admin: '127.0.0.1:0'}\n"
            f"services: {{echo: {{builtin: echo}}, slow: {{targets: ['{target}']}}}}\n"
            "routes:\n  - {match: {path: /*}, service: echo}\n  - {match: {path: /slow}, service: slow}\n"
            f"{more}", "utf-8",
        )  # fmt: skip
        return path

    return write
