"""``vizgate reload``: have a running gateway read its configuration again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vizgate.cli.admin.client import add_admin, client_of, reaching
from vizgate.cli.arguments import add_command

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Add the command."""
    summary = "have a running gateway read its configuration again; one that cannot be used changes nothing"
    add_admin(add_command(commands, "reload", reaching(run), summary))


def run(args: argparse.Namespace) -> int:
    """Ask for it, and print what has changed."""
    client = client_of(args)
    answer = client.ask("POST", "/reload", "changes")
    changes = answer["changes"]
    print(f"{client.address}: reloaded, {len(changes) or 'no'} change{'' if len(changes) == 1 else 's'}")
    for change in changes:
        print(f"  {change}")
    return 0
