"""One HTTP exchange with an address of either kind, TCP or Unix socket.

In: ``exchange``. Not in: what is asked (``cli.admin.client``). It stands apart because ``http.client`` takes a while to
import, and most commands do not need it.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from vizgate.config.model import Address, UnixAddress
from vizgate.errors import VizgateError

_CONNECT_S = 5.0
# Of an address to listen on, the one that leads to this machine.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with


class NotReachable(VizgateError):
    """No gateway answered; the message says where."""


def exchange(
    address: Address | UnixAddress, method: str, path: str, fields: Mapping[str, str], timeout_s: float
) -> tuple[int, bytes]:
    """Status and body of the answer. Raises: NotReachable."""
    connection = _Connection(address)
    try:
        connection.connect()
        connection.sock.settimeout(timeout_s)
        connection.request(method, path, headers=dict(fields))
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise NotReachable(f"no gateway answers at {address}: {reason}") from None
    finally:
        connection.close()


class _Connection(HTTPConnection):
    """A connection to *address*."""

    def __init__(self, address: Address | UnixAddress) -> None:
        self._path = address.path if isinstance(address, UnixAddress) else ""
        host, port = ("localhost", 80) if isinstance(address, UnixAddress) else (address.host, address.port)
        super().__init__(_HERE.get(host, host), port, timeout=_CONNECT_S)

    def connect(self) -> None:
        """Connect, over a Unix socket if the address is one."""
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT_S)
        self.sock.connect(self._path)
