"""The end of a connection to Redis that something is being asked over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vizgate.errors import VizgateError
from vizgate.extension.store import StoreFailed
from vizgate.observe.metrics import Counter
from vizgate.store.redis.connection import Connection
from vizgate.store.redis.script import Script
from vizgate.testing.store_suite import CountUp


class EndedTransport(asyncio.Transport):
    """As uvloop's when the other side is gone: writing is an error then."""

    def write(self, data: Any) -> None:
        raise RuntimeError("unable to perform operation; the handler is closed")


async def test_connection_that_ends_before_it_could_send_tells_who_asked_and_is_silent() -> None:
    """What was asked in the turn in which the connection ends fails once, and nothing is raised into the loop."""
    loop = asyncio.get_running_loop()
    raised: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: raised.append(context))
    connection = Connection(loop, 1.0, Counter())
    connection.connection_made(EndedTransport())
    script = Script.of(CountUp())
    asked = connection.run(script, script.call(b"key", ()))
    connection.connection_lost(ConnectionResetError("gone"))
    await asyncio.sleep(0)
    assert [] == raised
    with pytest.raises(StoreFailed, match="Redis was lost before it answered: gone") as told:
        await asked
    assert isinstance(told.value, VizgateError)
