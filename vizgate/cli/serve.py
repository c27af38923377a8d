"""``vizgate serve``: a gateway from one YAML file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import add_command, add_config, add_log_level, address, descriptor, workers
from vizgate.cli.serving import untimely_signals

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands

EXIT_NOT_STARTED = 3


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "serve", run, "serve a configuration", failure=EXIT_NOT_STARTED)
    add_config(parser, default="vizgate.yaml")
    add_listen(parser, "instead of server.listen")
    parser.add_argument(
        "--workers", type=workers, metavar="N", help="number of processes, or auto; instead of server.workers"
    )
    parser.add_argument(
        "--fd", type=descriptor, action="append", default=[], metavar="N",
        help="a listening socket that is open already, in the place of the next of server.listen; repeatable",
    )  # fmt: skip
    parser.add_argument("--watch", action="store_true", help="reload when the file, or one that it names, changes")
    add_log_level(parser, "info")


def add_listen(parser: argparse.ArgumentParser, default: str) -> None:
    """``--listen``, which may be given several times."""
    parser.add_argument(
        "--listen", type=address, action="append", metavar="ADDR", help=f"where clients connect, {default}; repeatable"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    untimely_signals.keep()  # before anything that takes its time
    from vizgate.cli.program_log import program_log
    from vizgate.cli.serving.operation import operate
    from vizgate.cli.serving.supervision import supervise
    from vizgate.gateway.cores import worker_count
    from vizgate.gateway.listening.given import given_sockets
    from vizgate.gateway.reload.source import ConfigSource
    from vizgate.gateway.server import Gateway

    overrides: dict[str, Any] = {} if args.listen is None else {"server.listen": args.listen}
    if args.workers is not None:
        overrides["server.workers"] = args.workers
    with program_log(args.log_level):
        gateway = Gateway.from_source(ConfigSource(args.config, overrides), given_sockets(args.fd))
        count = worker_count(gateway.config.server.workers)
        if count == 1:
            return operate(gateway, args.config, watches=args.watch)
        return supervise(gateway, count, args.config, args.log_level, watches=args.watch)
