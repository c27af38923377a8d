"""``vizgate init``: a configuration to start from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vizgate.cli.arguments import add_command, add_log_level

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands

_NAME = "vizgate.yaml"


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "init", run, "write a commented configuration to start from")
    parser.add_argument("path", metavar="PATH", nargs="?", default=_NAME, help=f"the file to write ({_NAME})")
    add_log_level(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file, never over another one."""
    from importlib.resources import files

    path = Path(args.path)
    path = path / _NAME if path.is_dir() else path
    text = files("vizgate.cli").joinpath("starter.yaml").read_text("utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        print(f"vizgate: {path} exists already. Name another file, or remove it", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"vizgate: cannot write {path}: {exc.strerror}", file=sys.stderr)
        return 1
    print(f"{path} written. Next: vizgate check {path} && vizgate serve {path}")
    return 0
