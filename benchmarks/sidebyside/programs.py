"""Finding the programs of a run and asking for their versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@cache
def find_program(name: str) -> str | None:
    """The path of *name*, also where only root's PATH would look; None when it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}")


def require_program(name: str) -> str:
    """The path of *name*. Raises: FileNotFoundError: it is not installed."""
    path = find_program(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return path


def ask(command: Sequence[str], cwd: os.PathLike[str] | None = None, *, accept_failure: bool = False) -> str:
    """What *command* prints on both streams; "" when it cannot run, takes over 20 s, or (unless accepted) fails."""
    try:
        done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr if done.returncode == 0 or accept_failure else ""


def version_in(text: str) -> str:
    """The first dotted number in *text*, or "?"."""
    found = _VERSION.search(text)
    return found.group() if found else "?"
