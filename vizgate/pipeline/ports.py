"""How the pipeline reaches the network: protocols that the gateway meets with sockets and tests meet with values."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class TargetPort(Protocol):
    """One target of a service."""

    #: ``host:port``, for logs and metrics.
    address: str

    def exchange(self, request: Request) -> Awaitable[Response]:
        """Send *request* to this target and give back its answer, with a body that may still be arriving.

        ``request.deadline_s`` bounds the exchange. It is safe to try another target after an error whose
        ``nothing_sent`` is true.

        Raises: UpstreamError: the attempt failed. DownstreamError: the client broke off or sent a bad body.
        """
        ...
