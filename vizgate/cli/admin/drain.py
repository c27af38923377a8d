"""``vizgate drain``: have a running gateway fail readiness and go on serving."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from vizgate.cli.admin.client import add_admin, client_of, duration, reaching
from vizgate.cli.arguments import add_command

if TYPE_CHECKING:
    from vizgate.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "drain", reaching(run), "have a running gateway fail readiness and go on serving")
    add_admin(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--wait", metavar="TIME", type=duration, default=0.0,
        help="return so much later, such as 10s: for a hook before a stop, until load balancers have noticed",
    )  # fmt: skip
    which.add_argument("--undo", action="store_true", help="have readiness succeed again")


def run(args: argparse.Namespace) -> int:
    """Ask for it, and wait."""
    client = client_of(args)
    phase = client.ask("POST", "/undrain" if args.undo else "/drain", "phase")["phase"]
    print(f"{client.address}: {phase}", flush=True)
    if args.wait:
        print(f"waiting {args.wait:g} s, so that load balancers see it before the stop", flush=True)
        threading.Event().wait(args.wait)
    return 0
