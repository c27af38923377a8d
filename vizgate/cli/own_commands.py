"""Commands that packages bring: listed by name, imported when they are asked for.

In: adding them to the program's parser, and running one. Not in: finding them (``extension.commands.registry``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from vizgate.cli.arguments import add_command, add_log_level
from vizgate.errors import VizgateError

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands
    from vizgate.extension.commands.command import Command
    from vizgate.extension.commands.registry import CommandRegistry

# Asked for by scripts and editors, often: nothing is read for it.
_QUICK = frozenset({"version", "--version"})


def add_own_commands(commands: Commands, argv: Sequence[str], builtin: Collection[str]) -> None:
    """Add what installed packages announce to *commands*; whole is only the one that *argv* asks for.

    Raises: PluginError: that one cannot be used; so it is with a name of *builtin* that a package announces, too.
    """
    wanted = next(iter(argv), "")
    if wanted in _QUICK:
        return
    from vizgate.extension.commands.registry import CommandRegistry

    registry = CommandRegistry(builtin)
    for name, origin in registry.names.items():
        if name == wanted:
            _add_wanted(commands, name, origin, registry)
        elif name not in builtin:
            commands.add_parser(name, help=f"of {origin}", add_help=False)


def _add_wanted(commands: Commands, name: str, origin: str, registry: CommandRegistry) -> None:
    from vizgate.extension.announced import PluginError, told

    found = registry.resolve(name)
    try:
        command = found()
        parser = add_command(commands, name, _running(command, name, origin), found.summary or f"a command of {origin}")
        add_log_level(parser, "warning")
        command.add_arguments(parser)
    except (Exception, SystemExit) as error:  # whatever a stranger's command does
        message = f"the command '{name}' of {origin} cannot be used: {told(error)}. Mend or uninstall {origin}"
        raise PluginError(message, name=name) from error


def _running(command: Command, name: str, origin: str) -> Callable[[argparse.Namespace], int]:
    """What runs *command*; what goes wrong in it is told with the package that it comes from."""

    def run(args: argparse.Namespace) -> int:
        from vizgate.cli.program_log import program_log
        from vizgate.extension.announced import PluginError, told

        try:
            with program_log(args.log_level):
                code = command.run(args)
        except VizgateError:
            raise
        except Exception as error:
            if args.log_level == "debug":
                import traceback

                traceback.print_exc(file=sys.stderr)
            raise PluginError(f"the command '{name}' of {origin} failed: {told(error)}", name=name) from error
        if code is not None and type(code) is not int:
            raise PluginError(f"the command '{name}' of {origin} gave no exit code but {code!r}. Mend it", name=name)
        return code or 0

    return run
