"""Doors as fixtures: ``door`` is every way in, ``asgi_door`` the one through an ASGI server."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.integration.doors")
from tests.integration.doors import DoorFactory, listening, under_uvicorn  # noqa: E402  # after the line above

_WAYS = {"listener": listening, "asgi": under_uvicorn}


@pytest.fixture(params=sorted(_WAYS))
def door(request: pytest.FixtureRequest, tmp_path: Path) -> DoorFactory:
    return partial(_WAYS[request.param], tmp_path / "access.log")


@pytest.fixture
def asgi_door(tmp_path: Path) -> DoorFactory:
    return partial(under_uvicorn, tmp_path / "access.log")
