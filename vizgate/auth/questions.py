"""Asking others on behalf of requests: each thing once at a time, and not too many at once.

In: ``Questions``. Not in: what is asked (``auth.introspection``, ``auth.forward``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from vizgate.extension.kinds.authenticator import AuthenticationUnavailable

_V = TypeVar("_V")


class Questions(Generic[_V]):
    """Questions in flight, by key. Whoever asks what is being asked already waits for the same answer.

    Args: name: of whoever asks, for the error. limit: most questions at once.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._running: dict[bytes, asyncio.Future[_V]] = {}

    def ask(self, key: bytes, question: Callable[[], Coroutine[Any, Any, _V]]) -> Awaitable[_V]:
        """The answer to *question*, which must end by itself; a client that leaves does not end it for the others.

        Raises: AuthenticationUnavailable: there are too many questions.
        """
        running = self._running.get(key)
        if running is None:
            if len(self._running) >= self._limit:
                # No queue: it would grow while the other side is slow, and each of its askers holds a connection.
                raise AuthenticationUnavailable(f"{self._name}: more than {self._limit} questions at once")
            running = self._running[key] = asyncio.ensure_future(question())
            running.add_done_callback(lambda done: self._ended(key, done))
        return asyncio.shield(running)

    def _ended(self, key: bytes, done: asyncio.Future[_V]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()  # read, so that nobody is told of an error that all who asked were too late for

    async def stop(self) -> None:
        """Give up every question."""
        running = list(self._running.values())
        for question in running:
            question.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._running)

    def __repr__(self) -> str:
        return f"<Questions of {self._name} [{len(self)} of {self._limit}]>"
