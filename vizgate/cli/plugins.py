"""``vizgate plugins``: what ``use:`` and ``kind:`` can name, further commands, and which package brings them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from vizgate._version import __version__
from vizgate.cli.arguments import add_command, add_log_level
from vizgate.cli.table import table

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.extension.announced import PluginInfo


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "plugins", run, "list built-in and installed plugins and where they come from")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Print them; one that cannot be used is listed with its problem."""
    from dataclasses import asdict

    found = _all(args.builtin_names)
    if args.json:
        print(json.dumps([asdict(plugin) for plugin in found], indent=2))
        return 0
    head = ("NAME", "KIND", "PACKAGE", "VERSION", "CLASS")
    rows = [(plugin.name, plugin.kind, plugin.distribution, plugin.version, plugin.object) for plugin in found]
    print(table([head, *rows]))
    for plugin in found:
        if plugin.problem:
            print(f"{plugin.name}: {plugin.problem}")
    return 0


def _all(commands: Collection[str]) -> list[PluginInfo]:
    """Every one. Args: commands: names of the program's own."""
    from vizgate.extension.announced import PluginInfo
    from vizgate.extension.commands.registry import CommandRegistry
    from vizgate.extension.registry import Registry, kind_of
    from vizgate.gateway.builtin import BUILTIN

    builtin = [
        PluginInfo(name, kind_of(found), "vizgate", __version__, f"{found.__module__}:{found.__qualname__}")
        for name, found in sorted(BUILTIN.items())
    ]
    return builtin + Registry(BUILTIN).installed_plugins() + CommandRegistry(commands).installed_plugins()
