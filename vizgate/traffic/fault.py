"""``fault``: on a route, or as ``use: fault``.

In: ``Fault``. Not in: faults of real services (``retry``, ``breaker``, ``health``).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable
from typing import ClassVar

from vizgate.errors import ConnectionDropped, ResponseTimedOut
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.traffic.config import FaultConfig


class Fault(Middleware):
    """Delays requests, answers them with an error, or resets their connection.

    Only those that show the secret, if there is one, and of these as many as ``percent`` says.
    """

    Config: ClassVar[type[ComponentConfig]] = FaultConfig

    def __init__(self, config: FaultConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._share = config.percent / 100
        self._name = b"" if config.header is None else config.header.lower().encode("latin-1")
        self._secret = b"" if config.secret is None else config.secret.reveal().strip().encode()
        self._injected = self.context.metrics.counters(
            "faults_injected", "Requests that a fault was made for on purpose.", ("route",)
        ).of(self.context.route)

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """See ``Middleware``."""
        if self._name:
            shown = request.headers.get_bytes(self._name) or b""
            # In constant time: the answer must not tell how much of a guess was right.
            if not hmac.compare_digest(shown, self._secret):
                return forward(request)
            # The secret is between the tester and the gateway.
            request.headers.remove(self._name.decode("latin-1"))
        if self._share < 1 and self.context.random.random() >= self._share:
            return forward(request)
        return self._inject(request, forward)

    async def _inject(self, request: Request, forward: Handler) -> Response:
        """Raises: ConnectionDropped: as asked for. ResponseTimedOut: the delay is longer than the request may take."""
        config: FaultConfig = self.config
        self._injected.value += 1
        if config.delay:
            await self._delay(request, config.delay)
        if config.abort:
            raise ConnectionDropped("a fault that was asked for")
        if config.status is not None:
            return problem(config.status, "a fault that was asked for", request.id)
        return await forward(request)

    async def _delay(self, request: Request, delay_s: float) -> None:
        if not request.deadline_s:
            await self.context.sleep(delay_s)
            return
        left_s = request.deadline_s - self.context.clock.monotonic()
        await self.context.sleep(max(0.0, min(delay_s, left_s)))
        if delay_s >= left_s:
            raise ResponseTimedOut("the time of the request was over inside a delay that was asked for")
