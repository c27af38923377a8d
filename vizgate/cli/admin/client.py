"""Talking to the admin listener of a running gateway.

In: ``AdminClient``, the arguments that lead to one, ``NotReachable``. Not in: the commands.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from functools import wraps
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from vizgate.cli.arguments import Run, add_config, add_log_level
from vizgate.errors import VizgateError

if TYPE_CHECKING:
    from vizgate.config.model import Address, UnixAddress

EXIT_NOT_REACHABLE = 4
_TOKEN_VARIABLE = "VIZGATE_ADMIN_TOKEN"  # noqa: S105  # the name of it
_CONNECT_S = 5.0
# Of an address to listen on, the one that leads to this machine.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with


class NotReachable(VizgateError):
    """No gateway answered; the message says where."""


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
        "--admin", metavar="ADDR", type=_admin_address, help="its admin listener; without it CONFIG says"
    )
    parser.add_argument(
        "--token", metavar="TOKEN", help=f"what is shown to it (the variable {_TOKEN_VARIABLE}, else what CONFIG says)"
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=30.0, help="how long its answer may take (30)"
    )


def reaching(run: Run) -> Run:
    """*run*, which gives its own exit code when no gateway answers."""

    @wraps(run)
    def command(args: argparse.Namespace) -> int:
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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


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
        connection = _Connection(self.address)
        fields = {"Host": "localhost", "Accept": "application/json"}
        if self._token:
            fields["Authorization"] = f"Bearer {self._token}"
        try:
            connection.connect()
            connection.sock.settimeout(self._timeout_s)
            connection.request(method, path, headers=fields)
            response = connection.getresponse()
            status, data = response.status, response.read()
        except (OSError, HTTPException, UnicodeError) as exc:
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            raise NotReachable(f"no gateway answers at {self.address}: {reason}") from None
        finally:
            connection.close()
        return self._read(status, data, member)

    def _read(self, status: int, data: bytes, member: str) -> dict[str, Any]:
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if not isinstance(document, dict) or (status == 200 and member not in document):
            raise NotReachable(f"what answers at {self.address} is no admin listener of vizgate")
        if status == 200:
            return document
        lines = [str(document.get("detail") or document.get("title") or f"status {status}")]
        lines += [f"  {problem}" for problem in document.get("problems", ())]
        raise Refused("\n".join(lines))


class _Connection(HTTPConnection):
    """A connection to an address of either kind."""

    def __init__(self, address: Address | UnixAddress) -> None:
        self._path = getattr(address, "path", "")
        host = getattr(address, "host", "localhost")
        super().__init__(_HERE.get(host, host), getattr(address, "port", 80), timeout=_CONNECT_S)

    def connect(self) -> None:
        """Connect, over a Unix socket if the address is one."""
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT_S)
        self.sock.connect(self._path)
