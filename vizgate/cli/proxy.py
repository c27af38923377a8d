"""``vizgate proxy``: a gateway for one service, without a file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import add_command, add_log_level, address, host_header, target_url
from vizgate.cli.serve import EXIT_NOT_STARTED, add_listen
from vizgate.cli.serving import untimely_signals

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands

_LISTEN = "127.0.0.1:8080"


def add_to(commands: Commands) -> None:
    """Add the command."""
    summary = "serve one service, without a file"
    parser = add_command(commands, "proxy", run, summary, failure=EXIT_NOT_STARTED)
    parser.add_argument(
        "--to", type=target_url, action="append", required=True, metavar="URL",
        help="where requests go; several are taken in turn",
    )  # fmt: skip
    add_listen(parser, _LISTEN)
    parser.add_argument("--admin", type=address, metavar="ADDR", help="where health and metrics are; off by default")
    parser.add_argument(
        "--host-header", type=host_header, default="preserve", metavar="MODE",
        help="Host of the service: preserve (the client's, the default), target (the URL's), or a name",
    )  # fmt: skip
    add_log_level(parser, "info")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    untimely_signals.keep()
    from vizgate.cli.program_log import program_log
    from vizgate.cli.serving.operation import operate
    from vizgate.config import load_text
    from vizgate.gateway.server import Gateway

    config = load_text("version: 1", "vizgate proxy", overrides=_settings(args))
    with program_log(args.log_level):
        return operate(Gateway.from_config(config), ", ".join(args.to))


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "server.listen": args.listen or [_LISTEN],
        # Several of these may run on one machine, so no port is taken that was not asked for.
        "server.admin": args.admin or "off",
        "services": {"service": {"targets": args.to, "host_header": args.host_header}},
        "routes": [{"name": "all", "match": {"path": "/*"}, "service": "service"}],
    }
