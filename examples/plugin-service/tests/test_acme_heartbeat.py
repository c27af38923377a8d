"""The service alone: the monitor is a value, and time passes at once."""

from __future__ import annotations

import asyncio

from acme_heartbeat import Heartbeat

from vizgate import Context
from vizgate.errors import CallFailed
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.testing import check_service


class Monitor:
    """Answers with one status after the other; 0 for no answer."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.called: list[str] = []
        self.is_over = asyncio.Event()

    async def call(self, call: Call) -> CallAnswer:
        self.called.append(f"{call.method} {call.url}")
        if not self.statuses:
            self.is_over.set()
            await asyncio.Event().wait()
        status = self.statuses.pop(0)
        if not status:
            raise CallFailed("nobody listens")
        return CallAnswer(status)


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


def heartbeat(context: Context, *, required: bool = False) -> Heartbeat:
    return Heartbeat(Heartbeat.Config(url="http://monitor.example/7", required=required), context)


async def test_heartbeat_meets_contract() -> None:
    """Whether there is a monitor or not."""
    await check_service(heartbeat)
    await check_service(heartbeat, context=Context(calls=Monitor(200, 0, 500)))


async def test_required_monitor_keeps_requests_away_until_it_answers() -> None:
    """A refusal is no answer, and a later failure changes nothing."""
    monitor = Monitor(0, 500, 200, 0)
    context = Context(calls=monitor, sleep=no_wait)
    service = heartbeat(context, required=True)
    await service.start()
    assert service.unready
    task = asyncio.ensure_future(service.run())
    await monitor.is_over.wait()
    task.cancel()
    assert not service.unready
    assert ["POST http://monitor.example/7"] * 5 == monitor.called
    beats = context.metrics.counters("acme_heartbeats", "", ("result",))
    assert (1, 1, 2) == tuple(beats.of(result).value for result in ("ok", "refused", "failed"))
