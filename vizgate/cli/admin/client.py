"""Talking to the admin listener of a running gateway.

In: ``AdminClient``, and the arguments that lead to one. Not in: the commands, and HTTP
(``cli.admin.connection``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import Run, add_config, add_log_level
from vizgate.errors import VizgateError

if TYPE_CHECKING:
    from vizgate.config.model import Address, UnixAddress

EXIT_NOT_REACHABLE = 4
_TOKEN_VARIABLE = "VIZGATE_ADMIN_TOKEN"  # noqa: S105  # the name of it


class Refused(VizgateError):
    """The gateway answered with a problem; the message is its own."""


def add_admin(parser: argparse.ArgumentParser) -> None:
    """The arguments that say where the gateway is, and with which token it is asked."""
    add_config(parser, default="vizgate.yaml")
    add_reach(parser)
    add_log_level(parser)


def add_reach(parser: argparse.ArgumentParser) -> None:
    """``--admin``, ``--token`` and ``--timeout``, for a command whose CONFIG is another one."""
    parser.add_argument(
        "--admin", metavar="ADDR", type=_admin_address, help="its admin listener; without it the file says"
    )
    parser.add_argument(
        "--token",
        metavar="TOKEN",
        help=f"what is shown to it (the variable {_TOKEN_VARIABLE}, else what the file says)",
    )
    parser.add_argument(
        "--timeout", metavar="TIME", type=duration, default=30.0, help="how long its answer may take (30s)"
    )


def reaching(run: Run) -> Run:
    """*run*, which gives its own exit code when no gateway answers."""

    @wraps(run)
    def command(args: argparse.Namespace) -> int:
        from vizgate.cli.admin.connection import NotReachable

        try:
            return run(args)
        except NotReachable as exc:
            print(f"vizgate: {exc}", file=sys.stderr, flush=True)
            return EXIT_NOT_REACHABLE

    return command


def _admin_address(text: str) -> Address | UnixAddress:
    from vizgate.config.model.address import parse_listen_address

    try:
        return parse_listen_address(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def duration(text: str) -> float:
    """*text*, such as ``10s``, in seconds."""
    from vizgate.errors import UnitError
    from vizgate.units import parse_duration

    try:
        return parse_duration(text)
    except UnitError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def client_of(args: argparse.Namespace) -> AdminClient:
    """The client that *args*, those of ``add_admin``, lead to. Raises: ConfigError, VizgateError: nowhere."""
    address, token = args.admin, args.token or os.environ.get(_TOKEN_VARIABLE, "")
    if address is None:
        from vizgate.config.admin_part import admin_part

        part = admin_part(args.config)
        address, token = part.address, token or part.token
        if address is None:
            raise VizgateError(f"{args.config} has no admin listener (server.admin: off)")
    return AdminClient(address, token, args.timeout)


class AdminClient:
    """Asks the gateway whose admin listener is at *address*, showing *token* unless it is empty."""

    def __init__(self, address: Address | UnixAddress, token: str, timeout_s: float) -> None:
        self.address = address
        self._token = token
        self._timeout_s = timeout_s

    def ask(self, method: str, path: str, member: str) -> dict[str, Any]:
        """The JSON that the gateway answers with.

        Args: member: what must be in it; another server would answer something else. Raises: NotReachable. Refused: it
        answered with a problem.
        """
        from vizgate.cli.admin.connection import exchange

        fields = {"Host": "localhost", "Accept": "application/json"}
        if self._token:
            fields["Authorization"] = f"Bearer {self._token}"
        status, data = exchange(self.address, method, path, fields, self._timeout_s)
        return self._read(status, data, member)

    def _read(self, status: int, data: bytes, member: str) -> dict[str, Any]:
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if not isinstance(document, dict) or (status == 200 and member not in document):
            from vizgate.cli.admin.connection import NotReachable

            raise NotReachable(f"what answers at {self.address} is no admin listener of vizgate")
        if status == 200:
            return document
        lines = [str(document.get("detail") or document.get("title") or f"status {status}")]
        lines += [f"  {problem}" for problem in document.get("problems", ())]
        if status == 401:
            lines.append(f"  Give one with --token, or in the variable {_TOKEN_VARIABLE}")
        raise Refused("\n".join(lines))
