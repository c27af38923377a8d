"""Operations in all workers at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vizgate.gateway.operations.operation import OperationRefused
from vizgate.gateway.operations.standing import StandingOrders
from vizgate.gateway.workers.channel.channel import ChannelClosed, Refused
from vizgate.gateway.workers.supervisor.member import Phase
from vizgate.gateway.workers.supervisor.operator import FleetOperator
from vizgate.testing import ManualClock

DRAIN = {"service": "s", "target": "a:1"}


class Worker:
    """A member that answers with *answer*, which may be an error."""

    def __init__(self, number: int, answer: Any, phase: Phase = Phase.READY) -> None:
        self.number = number
        self.answer = answer
        self.phase = phase
        self.told: list[Any] = []

    def tell(self, name: str, body: Any) -> None:
        self.told.append((name, body))


class Workers:
    """As a fleet; those that were dismissed are in ``dismissed``."""

    def __init__(self, *members: Worker) -> None:
        self.members = list(members)
        self.dismissed: list[Worker] = []

    @property
    def ready(self) -> list[Worker]:
        return [member for member in self.members if member.phase is Phase.READY]

    async def ask_each(self, members: list[Worker], name: str, body: Any, *, timeout_s: float) -> dict[Worker, Any]:
        assert "perform" == name
        await asyncio.sleep(0)
        return {member: member.answer for member in members}

    def dismiss(self, member: Worker) -> None:
        self.dismissed.append(member)


def changed(before: str) -> dict[str, Any]:
    return {"before": before, "after": "b", "answer": {"name": "s", "available": True, "targets": []}}


def operator(*members: Worker) -> tuple[FleetOperator, Workers, StandingOrders]:
    fleet, orders = Workers(*members), StandingOrders(ManualClock())
    return FleetOperator(fleet, orders, None), fleet, orders  # type: ignore[arg-type]  # a fleet without processes


REFUSED = Refused("no such target", {"status": 404, "problems": ["look again"]})


async def test_change_is_one_answer_and_is_remembered():
    """What workers were before is told where they differ; who starts later is told what to do."""
    perform, fleet, orders = operator(Worker(1, changed("x")), Worker(2, changed("y")))
    document = await perform.perform("drain_target", DRAIN)
    assert ["x", "y"] == document["before"]
    assert [("drain_target", DRAIN)] == list(orders)
    assert [] == fleet.dismissed


async def test_change_that_all_refuse_is_refused_as_they_do():
    """Status and problems are those of the workers, and nothing is remembered."""
    perform, _, orders = operator(Worker(1, REFUSED), Worker(2, REFUSED))
    with pytest.raises(OperationRefused, match="no such target") as caught:
        await perform.perform("drain_target", DRAIN)
    assert (404, ("look again",), 0) == (caught.value.status, caught.value.problems, len(orders))


async def test_worker_that_does_not_answer_is_replaced():
    """Who is silent must not go on without what the others do; who knows nothing of it may."""
    silent, refusing = Worker(2, TimeoutError()), Worker(3, REFUSED)
    perform, fleet, _ = operator(Worker(1, changed("x")), silent, refusing)
    await perform.perform("drain_target", DRAIN)
    assert [silent] == fleet.dismissed


async def test_worker_that_is_being_started_is_told():
    """Its orders were written before."""
    starting = Worker(2, None, Phase.STARTING)
    perform, _, _ = operator(Worker(1, changed("x")), starting)
    await perform.perform("drain_target", DRAIN)
    assert [("perform", {"name": "drain_target", "arguments": DRAIN})] == starting.told


async def test_without_workers_nothing_can_be_done():
    """Nobody is there, or whoever was has just died."""
    for members in ([], [Worker(1, ChannelClosed("gone"))]):
        perform, _, _ = operator(*members)
        with pytest.raises(OperationRefused) as caught:
            await perform.perform("drain_target", DRAIN)
        assert 503 == caught.value.status


async def test_worker_that_has_refused_is_told_for_later() -> None:
    """Its own discovery may find what it is about in a moment; where all have refused, nobody is told anything."""
    refusal = {"status": 404, "problems": []}
    knows, lags = Worker(1, changed("a")), Worker(2, Refused("no such target", refusal))
    fleet_operator, fleet, _ = operator(knows, lags)
    await fleet_operator.perform("drain_target", DRAIN)
    assert ([], [("order", {"name": "drain_target", "arguments": DRAIN})]) == (knows.told, lags.told)
    assert [] == fleet.dismissed
    stranger = Worker(3, Refused("no such target", refusal))
    with pytest.raises(OperationRefused):
        await operator(stranger)[0].perform("drain_target", DRAIN)
    assert [] == stranger.told
