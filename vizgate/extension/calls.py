"""Calls where there is no network: what a component has that was made without a gateway.

In: ``NO_CALLS``. Not in: real calls (``transport``).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

from vizgate.errors import CallFailed
from vizgate.pipeline.ports import Call, CallAnswer, CallerPort, CallStream


class _NoCalls:
    """Refuses every call."""

    async def call(self, call: Call) -> CallAnswer:
        """Raises: CallFailed: always."""
        raise _no_network(call)

    def stream(self, call: Call) -> AbstractAsyncContextManager[CallStream]:
        """Raises: CallFailed: always."""
        raise _no_network(call)

    def __repr__(self) -> str:
        return "<NO_CALLS>"


def _no_network(call: Call) -> CallFailed:
    return CallFailed(f"no network to call {call.url.partition('?')[0]} here. Give the component a Context with calls")


NO_CALLS: Final[CallerPort] = _NoCalls()
