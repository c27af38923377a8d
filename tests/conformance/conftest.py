"""The proxy under test: vizgate with each HTTP/1.1 codec, or a peer that is running already (see README.md)."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vizgate.clock import Clock
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import Script

pytest.register_assert_rewrite("tests.conformance.harness")
from tests.conformance.harness import Rig, RigFactory  # noqa: E402  # after the line above, which its asserts need

_TARGET = os.environ.get("VIZGATE_CONFORMANCE_TARGET", "")
_UPSTREAM_PORT = int(os.environ.get("VIZGATE_CONFORMANCE_UPSTREAM_PORT", "18081"))
_POLICIES = os.environ.get("VIZGATE_CONFORMANCE_POLICIES", "")
_LOOP = os.environ.get("VIZGATE_CONFORMANCE_LOOP", "uvloop")
#: Below `shutdown_timeout`: a gateway whose clients have all left stops at once.
PROMPT_STOP_S = 0.7
CODECS = ["peer"] if _TARGET else ["httptools", "h11"]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test runs on uvloop where it is installed; ``VIZGATE_CONFORMANCE_LOOP=asyncio`` takes the portable one."""
    if _LOOP == "uvloop":
        try:
            import uvloop
        except ImportError:
            pass
        else:
            return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


#: What a service may have beside its targets, in amounts that decide nothing: a target here is no worse for what a
#: script has it do.
ALL_POLICIES: dict[str, Any] = {
    "balancer": "least_connections",
    "health": {"passive": {"failures": 1000, "window": "1s"}, "slow_start": "1s", "panic_below": "50%"},
    "breaker": {"minimum_requests": 1_000_000},
    "retry": {"on": ["connect_failure"]},
    "max_in_flight": 1000,
    "queue_timeout": "1s",
}


def base_config(codec: str, upstream_url: str) -> dict[str, Any]:
    """The configuration every test starts from; ``peers/`` holds the same for other proxies."""
    return {
        "version": 1,
        "server": {
            "listen": "127.0.0.1:0",
            "admin": "off",
            "http": codec,
            "shutdown_timeout": "1s",
            "limits": {"head": "16KiB", "headers": 100, "body": "64KiB", "response_head": "16KiB"},
        },
        "services": {"origin": {"targets": [upstream_url], **(ALL_POLICIES if _POLICIES == "all" else {})}},
        "routes": [
            {"name": "origin", "match": {"path": "/*"}, "service": "origin"},
            {"name": "admin", "match": {"path": "/admin"}, "respond": {"status": 403, "text": "no"}},
            {"name": "admin-tree", "match": {"path": "/admin/*"}, "respond": {"status": 403, "text": "no"}},
            {"name": "local", "match": {"path": "/local"}, "respond": {"status": 200, "text": "local"}},
        ],
        "observe": {"access_log": {"format": "off"}},
    }


def merge(config: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """*config* with every dotted path of *overrides* set."""
    for path, value in overrides.items():
        *parents, last = path.split(".")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return config


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    """The name of the codec that the proxy under test reads and writes HTTP/1.1 with."""
    return str(request.param)


@pytest.fixture
def is_peer() -> bool:
    """Whether another proxy than vizgate is under test."""
    return bool(_TARGET)


@pytest.fixture
def rig(codec: str) -> RigFactory:
    """Start an upstream that follows the scripts given, and the proxy in front of it.

    ``config``: dotted paths to change in the configuration; such a test says nothing about peers and skips them.
    ``clock``: where the proxy takes its time from, for what takes long.
    """

    @asynccontextmanager
    async def start(
        *scripts: Script, config: dict[str, Any] | None = None, clock: Clock | None = None, **buffers: int
    ) -> AsyncIterator[Rig]:
        if _TARGET:
            if config or clock:
                pytest.skip("needs a configuration of its own")
            host, _, port = _TARGET.rpartition(":")
            async with ScriptedUpstream(*scripts, port=_UPSTREAM_PORT, **buffers) as upstream:
                yield Rig(host, int(port), upstream, is_external=True)
            return
        async with (
            ScriptedUpstream(*scripts, **buffers) as upstream,
            start_vizgate(merge(base_config(codec, upstream.url), config or {}), clock) as (host, port),
        ):
            yield Rig(host, port, upstream)

    return start


@asynccontextmanager
async def start_vizgate(config: dict[str, Any], clock: Clock | None = None) -> AsyncIterator[tuple[str, int]]:
    """A gateway of *config* and the address it listens on; it must have nothing left to wait for when it stops."""
    from vizgate.config import load_text
    from vizgate.gateway.server import Gateway

    async with Gateway.from_config(load_text(json.dumps(config), "test.yaml"), clock=clock) as gateway:
        host, port = gateway.addresses[0]
        yield host, port
        since = time.monotonic()
    assert time.monotonic() - since < PROMPT_STOP_S, "an exchange was left behind: stopping had to wait for it"
