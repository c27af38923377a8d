"""``vizgate schema``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from vizgate.cli.arguments import add_command, add_log_level

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_log_level(add_command(commands, "schema", run, "print the JSON Schema of the configuration, for editors"))


def run(args: argparse.Namespace) -> int:  # noqa: ARG001  # every command is given them
    """Print the schema."""
    from vizgate.config import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
