"""The program ``vizgate``: finds the command, runs it, and turns what goes wrong into a message and an exit code.

In: ``main``. Not in: the commands, one module each.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vizgate._version import __version__
from vizgate.cli import check, diff, explain, init, keys, plugins, proxy, routes, schema, serve, version
from vizgate.cli.admin import drain, reload, status
from vizgate.cli.descriptors import fill_standard_descriptors
from vizgate.cli.own_commands import add_own_commands
from vizgate.errors import VizgateError

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands

_CONFIGURATIONS = (check, diff, explain, routes, init, schema)
_RUNNING = (reload, drain, status)
_COMMANDS = (serve, proxy, *_CONFIGURATIONS, *_RUNNING, keys, plugins, version)
#: What the program brings along.
BUILTIN_NAMES = frozenset(command.__name__.rpartition(".")[2] for command in _COMMANDS)

EXIT_USAGE = 2
# As a shell reports a program that a signal has ended: 128 and the number of the signal.
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that *argv* (default: the program's own arguments) asks for, and give its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    fill_standard_descriptors()
    try:
        parser, commands = _parser()
        add_own_commands(commands, argv, BUILTIN_NAMES)
        args = parser.parse_args(argv)
        if args.run is None:
            parser.print_help(sys.stderr)
            return EXIT_USAGE
        code = _run(args)
        sys.stdout.flush()
    except VizgateError as exc:  # of a command that a package brings
        _say(_told(exc))
        return EXIT_USAGE
    except SystemExit as exc:  # argparse: wrong usage, or --help
        return exc.code if isinstance(exc.code, int) else EXIT_USAGE
    except BrokenPipeError:
        _forget_stdout()
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


def _parser() -> tuple[argparse.ArgumentParser, Commands]:
    """The parser of the program, and where its commands are added."""
    parser = argparse.ArgumentParser(prog="vizgate", description="A reverse proxy and API gateway.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"vizgate {__version__}")
    parser.set_defaults(run=None, builtin_names=BUILTIN_NAMES)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    return parser, commands


def _run(args: argparse.Namespace) -> int:
    failure: int = args.failure
    try:
        code: int = args.run(args)
    except VizgateError as exc:
        _say(_told(exc))
        return failure
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as exc:  # noqa: BLE001  # the last resort of a program: one line, not a page
        if args.log_level == "debug":
            import traceback

            traceback.print_exc()
        hint = "" if args.log_level == "debug" else " Run it again with --log-level debug to see where."
        _say(f"vizgate: internal error: {type(exc).__name__}: {exc}.{hint}")
        return failure
    return code


def _told(error: VizgateError) -> str:
    # The problems of a configuration begin with their places, so that editors find them.
    return str(error) if hasattr(error, "problems") else f"vizgate: {error}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _forget_stdout() -> None:
    """Keep the interpreter from complaining once more, when it flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
