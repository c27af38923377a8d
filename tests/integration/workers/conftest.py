from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.integration.cli.program", "tests.integration.workers.fleet")
from tests.integration.workers.fleet import FleetProgram, write_config  # noqa: E402  # after the line above

Start = Callable[..., FleetProgram]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts ``vizgate serve`` with arguments; whatever still runs at the end is killed, and its workers end."""
    running: list[FleetProgram] = []

    def call(*arguments: str | Path) -> FleetProgram:
        program = FleetProgram(["serve", *(str(argument) for argument in arguments)], tmp_path)
        running.append(program)
        return program

    yield call
    for program in running:
        program.__exit__(None, None, None)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetProgram]:
    """Two workers that nobody kills."""
    folder = tmp_path_factory.mktemp("fleet")
    more = (
        "  - {match: {path: /limited}, service: echo, limit: ten}\n"
        "limits: {ten: {algorithm: fixed_window, rate: 10/1h, key: ip}}"
    )
    with FleetProgram(["serve", str(write_config(folder, more=more))], folder) as program:
        yield program.wait_ready()
