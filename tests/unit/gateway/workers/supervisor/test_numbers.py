"""The numbers of all workers as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vizgate.gateway.workers.supervisor.numbers import FleetVitals
from vizgate.observe.health import Health
from vizgate.observe.metrics import Metrics


class Worker:
    number = 1


class Workers:
    """One worker, which has counted 5; *meanwhile* happens after it has said so, and before anybody has read it."""

    def __init__(self) -> None:
        self.worker: Any = Worker()
        self.ready = [self.worker]
        self.on_end: Callable[[Any], None] = lambda _: None
        self.meanwhile: Callable[[], None] = lambda: None

    async def ask_all(self, members: list[Any], _name: str, *, timeout_s: float) -> dict[Any, Any]:
        assert timeout_s > 0
        answers = {member: counted(5) for member in members}
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return answers


def counted(number: int) -> list[Any]:
    return [["seen", "What was seen.", "counter", "", [["seen_total", {}, number]]]]


async def shown(vitals: FleetVitals) -> str:
    _, text = await vitals.metrics("")
    return next(line for line in text.decode().splitlines() if line.startswith("seen_total"))


async def test_what_a_worker_says_at_its_end_is_not_replaced_by_what_it_has_said_before():
    """An answer that is read after the farewell is older than that, and counts no more: neither instead nor besides."""
    workers = Workers()
    vitals = FleetVitals(workers, Health(), Metrics())
    assert "seen_total 5.0" == await shown(vitals)

    def part() -> None:
        vitals.note(workers.worker, counted(7))
        workers.ready.clear()

    workers.meanwhile = part
    assert "seen_total 7.0" == await shown(vitals)
    workers.meanwhile = lambda: None  # it parts once
    workers.on_end(workers.worker)
    assert "seen_total 7.0" == await shown(vitals)


async def test_what_a_worker_has_said_is_not_counted_again_when_it_dies_meanwhile():
    """An answer of one that is gone when it is read is not taken: it would count for ever."""
    workers = Workers()
    vitals = FleetVitals(workers, Health(), Metrics())
    assert "seen_total 5.0" == await shown(vitals)

    def die() -> None:
        workers.ready.clear()
        workers.on_end(workers.worker)

    workers.meanwhile = die
    assert "seen_total 5.0" == await shown(vitals)
    assert "seen_total 5.0" == await shown(vitals)
