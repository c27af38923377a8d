"""``vizgate version``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vizgate._version import __version__
from vizgate.cli.arguments import add_command, add_log_level

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_log_level(add_command(commands, "version", run, "print the version"))


def run(args: argparse.Namespace) -> int:  # noqa: ARG001  # every command is given them
    """Print the version."""
    print(f"vizgate {__version__}")
    return 0
