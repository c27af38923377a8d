"""The runbook of the example, against its own configuration."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path

import pytest

from vizgate.config import load_config
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway

FOLDER = Path(__file__).parents[2] / "examples" / "operations"


@pytest.mark.parametrize(("token", "code"), [("example-operator-token", 0), ("example-reader-token", 1)])
async def test_runbook_is_done_by_an_operator_and_by_nobody_else(
    token: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every call is answered with 200; a reader may look, and the first call is a look."""
    registry = Registry(BUILTIN)
    overrides = {"server.listen": "127.0.0.1:0", "server.admin": "127.0.0.1:0", "observe.access_log.format": "off"}
    config = load_config(FOLDER / "vizgate.yaml", overrides=overrides, resolve=registry.resolve)
    program = runpy.run_path(str(FOLDER / "runbook.py"))
    async with Gateway(config, registry=registry) as gateway:
        assert gateway.admin_address is not None
        address = f"127.0.0.1:{gateway.admin_address[1]}"
        assert code == await asyncio.to_thread(program["main"], address, token)
    statuses = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2::3]]
    refused = 0 if code == 0 else len(program["RUNBOOK"]) - 1
    assert ["200"] + ["403" if refused else "200"] * (len(program["RUNBOOK"]) - 1) == statuses
