"""The program of ``examples/reload`` shares the traffic as it says."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from vizgate import Gateway, Request, Response
from vizgate.testing import MemoryClient

FILE = Path(__file__).parents[2] / "examples" / "reload" / "rollout.py"


@pytest.fixture
def rollout() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rollout", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def stable(request: Request) -> Response:
    return Response(200, body=b"stable")


async def canary(request: Request) -> Response:
    return Response(200, body=b"canary")


@pytest.mark.parametrize(("bad_from", "share"), [(100, 99), (50, 0)])
async def test_share_grows_as_long_as_the_new_version_is_good(rollout: ModuleType, bad_from: int, share: int) -> None:
    """Step by step; and once it is not, almost nobody has it."""
    gateway = Gateway(rollout.config_of(5), services={"stable": stable, "canary": canary})
    seen: list[int] = []
    async with MemoryClient(gateway) as client:

        async def is_good() -> bool:
            answers = Counter(
                [(await client.get("/shop/1", headers={"Cookie": f"session={n}"})).text for n in range(9)]
            )
            assert {"stable", "canary"} >= answers.keys()
            seen.append(gateway.config.routes[0].split[1].weight)
            return seen[-1] < bad_from

        assert share == await rollout.roll_out(gateway, is_good)
        assert share == gateway.config.routes[0].split[1].weight
    assert [each for each in rollout.SHARES if each <= bad_from] == seen
