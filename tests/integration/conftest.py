"""Doors as fixtures: ``door`` is every way in, ``asgi_door`` that through an ASGI server; a Redis; certificates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.integration.doors import DoorFactory, listening, under_uvicorn
from tests.integration.redis_server import LuaForm, RedisServer

_WAYS = {"listener": listening, "asgi": under_uvicorn}


@pytest.fixture(params=sorted(_WAYS))
def door(request: pytest.FixtureRequest, tmp_path: Path) -> DoorFactory:
    return partial(_WAYS[request.param], tmp_path / "access.log")


@pytest.fixture
def asgi_door(tmp_path: Path) -> DoorFactory:
    return partial(under_uvicorn, tmp_path / "access.log")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of the tests' own."""
    return trustme.CA()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own, which it may kill."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def lua_form(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LuaForm]:
    """Runs the Lua of programs; see ``tests.integration.redis_server.check_forms``."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    with LuaForm(server) as lua:
        yield lua
    server.kill()
