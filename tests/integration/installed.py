"""Programs of the operating system for tests to drive.

In: finding them, free ports for them. Not in: their settings.
"""

from __future__ import annotations

import shutil
import socket

import pytest


def program(name: str, package: str = "") -> str:
    """The path of the program *name*; the test skips without it, naming the *package* that brings it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {package or name})")
    return found


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
