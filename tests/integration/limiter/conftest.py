"""Gateways as processes of their own, all by one configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.program import Program, SlowUpstream

SAMPLE = {
    "standard": {
        "tiers": {
            "anonymous": {"rate": "100/minute", "burst": 20, "key": "ip"},
            "authenticated": {"rate": "1000/minute", "key": "user"},
            "premium": {"rate": "10000/minute", "key": "user"},
        }
    }
}


class Serve:
    """Starts gateway processes in *folder*. ``programs``: all of them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.programs: list[Program] = []
        self._folder = folder
        self._stack = stack

    def __call__(self, count: int, parts: dict[str, Any]) -> list[int]:
        """The ports of *count* gateways with the configuration *parts*."""
        file = self._folder / "vizgate.yaml"
        server = {"listen": "127.0.0.1:0", "admin": "off"}
        file.write_text(json.dumps({"version": 1, "server": server, "observe": {"access_log": "off"}, **parts}))
        for number in range(count):
            folder = self._folder / f"gateway-{number}"
            folder.mkdir()
            self.programs.append(self._stack.enter_context(Program(["serve", str(file)], folder)))
        return [program.wait_serving() for program in self.programs]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts gateways; whatever still runs at the end is killed."""
    with ExitStack() as stack:
        yield Serve(tmp_path, stack)


@pytest.fixture
def upstream() -> Iterator[SlowUpstream]:
    server = SlowUpstream()
    yield server
    server.close()


def keys(**tiers: str) -> dict[str, Any]:
    """API keys, one for each user. Args: tiers: by user, "" for none."""
    entries = [
        {"id": user, "user": user, "hash": f"sha256:{sha256(key_of(user).encode()).hexdigest()}"}
        | ({"tier": tier} if tier else {})
        for user, tier in tiers.items()
    ]
    return {"keys": {"kind": "api_key", "keys": entries}}


def key_of(user: str) -> str:
    return f"vz_{user}_{'0123456789abcdef' * 2}"
