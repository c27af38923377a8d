"""Plugins in several workers: each has its own, but for services that run once."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.integration.cli.program")
from tests.integration.cli.program import Program  # noqa: E402  # after the line above, for its asserts

SERVICES = """
import asyncio
from pathlib import Path

from vizgate import BackgroundService


class Each(BackgroundService):
    async def run(self):
        Path(f"{type(self).__name__} in {self.context.worker}").touch(exist_ok=False)
        await asyncio.Event().wait()


class Alone(Each):
    once = True
"""


def test_service_that_runs_once_runs_in_the_first_of_several_workers(tmp_path: Path) -> None:
    """Others run in each; all of them know the number of their worker, and end with the gateway."""
    (tmp_path / "my_services.py").write_text(SERVICES, "utf-8")
    (tmp_path / "vizgate.yaml").write_text(
        json.dumps({
            "version": 1,
            "server": {"listen": "127.0.0.1:0", "admin": "off", "workers": 2},
            "services": {"echo": {"builtin": "echo"}},
            "routes": [{"match": {"path": "/*"}, "service": "echo"}],
            "plugins": [{"use": "my_services:Alone"}, {"use": "my_services:Each"}],
        }),
        "utf-8",
    )  # fmt: skip
    with Program(["serve"], tmp_path) as program:
        program.wait_serving()
        program.signal(signal.SIGTERM)
        assert 0 == program.wait_end()[0]
    assert ["Alone in 1", "Each in 1", "Each in 2"] == sorted(path.name for path in tmp_path.glob("* in ?"))
