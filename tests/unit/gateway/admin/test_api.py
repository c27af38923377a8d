"""The rules of ``AdminApi``: paths, methods and what they do."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from vizgate import Gateway
from vizgate.gateway.admin.access import AdminAccess
from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.admin.audit import AuditLog
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.operations.local import LocalOperator
from vizgate.gateway.operations.operation import Arguments, Document, changed
from vizgate.gateway.operations.vitals import LocalVitals
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_state import Block

CONFIG = """
version: 1
observe: {access_log: {format: "off"}}
services:
  users:
    targets: [http://127.0.0.1:3001, http://127.0.0.1:3002, "http://[::1]:3001"]
    required: true
    breaker: {}
    health: {passive: {}}
  twice: {targets: [http://127.0.0.1:3003, http://127.0.0.1:3003]}
  echo: {builtin: echo}
routes:
  - {match: {path: /}, service: users}
  - {match: {path: /b}, service: twice}
  - {match: {path: /e}, service: echo}
"""


class Bench:
    def __init__(self) -> None:
        self.gateway = Gateway.from_text(CONFIG)
        plan = self.gateway.plan
        self.endpoints = Endpoints(LocalVitals(self.gateway.state, plan.unavailable))
        clock = self.gateway.state.clock
        access = AdminAccess(lambda: self.gateway.config.server, clock)
        self.api = AdminApi(self.endpoints, LocalOperator(self.gateway), access, clock, AuditLog(clock))

    async def ask(self, method: str, path: str, **fields: str) -> Response:
        headers = Headers.of(fields.items())
        return await self.api.answer(Request(method, path.encode(), headers, authority="127.0.0.1:9900", id="r1"))

    async def json(self, method: str, path: str) -> Any:
        response = await self.ask(method, path)
        assert 200 == response.status
        return _json(response)

    def blocks(self, service: str) -> list[Block]:
        return [target.state.blocks for target in self.gateway.plan.services[service].targets.targets]


def _json(response: Response) -> Any:
    return json.loads(response.body.data or b"null")


async def test_services_are_listed_with_their_targets() -> None:
    """All that have any; a service with nothing but a balancer does not count what is in flight."""
    found = await Bench().json("GET", "/services")
    users, other = found["services"]
    assert ("users", True, True, "round_robin") == tuple(
        users[key] for key in ("name", "available", "required", "balancer")
    )
    assert {
        "target": "127.0.0.1:3001", "weight": 1, "fit": True, "blocked": [], "in_flight": 0, "breaker": "closed"
    } == users["targets"][0]  # fmt: skip
    assert ("twice", None) == (other["name"], other["targets"][0]["in_flight"])
    assert users == await Bench().json("GET", "/services/users")


async def test_drained_target_is_out_until_it_is_enabled() -> None:
    """It is told by the answer, and twice is as good as once."""
    bench = Bench()
    for _ in range(2):
        found = await bench.json("POST", "/services/users/targets/127.0.0.1:3001/drain")
        assert [["drained"], [], []] == [target["blocked"] for target in found["targets"]]
        assert [Block.DRAINED, Block.NONE, Block.NONE] == bench.blocks("users")
    for _ in range(2):
        found = await bench.json("POST", "/services/users/targets/127.0.0.1:3001/enable")
        assert [True, True, True] == [target["fit"] for target in found["targets"]]


async def test_names_in_the_path_are_decoded() -> None:
    """An address may have brackets; all targets of one address are meant."""
    bench = Bench()
    await bench.json("POST", "/services/%74wice/targets/127.0.0.1%3A3003/drain")
    assert [Block.DRAINED, Block.DRAINED] == bench.blocks("twice")
    await bench.json("POST", "/services/users/targets/%5B::1%5D:3001/drain")
    assert [Block.NONE, Block.NONE, Block.DRAINED] == bench.blocks("users")


@pytest.mark.parametrize("written", ["http://127.0.0.1:3002", "http%3A%2F%2F127.0.0.1%3A3002"])
async def test_target_may_be_written_as_the_configuration_has_it(written: str) -> None:
    """As a URL, encoded or not."""
    bench = Bench()
    await bench.json("POST", f"/services/users/targets/{written}/drain")
    assert [Block.NONE, Block.DRAINED, Block.NONE] == bench.blocks("users")


async def test_enabling_leaves_what_else_is_known() -> None:
    """An operator's word does not make an unhealthy target healthy."""
    bench = Bench()
    state = bench.gateway.plan.services["users"].targets.targets[0].state
    state.block(Block.UNHEALTHY)
    await bench.json("POST", "/services/users/targets/127.0.0.1:3001/drain")
    found = await bench.json("POST", "/services/users/targets/127.0.0.1:3001/enable")
    assert ["unhealthy"] == found["targets"][0]["blocked"]


async def test_breaker_is_forced_and_given_back() -> None:
    """Open blocks every target of the service."""
    bench = Bench()
    found = await bench.json("POST", "/services/users/breaker/open")
    assert [["open"]] * 3 == [target["blocked"] for target in found["targets"]]
    found = await bench.json("POST", "/services/users/breaker/close")
    assert {"closed (forced)"} == {target["breaker"] for target in found["targets"]}
    found = await bench.json("POST", "/services/users/breaker/auto")
    assert {"closed"} == {target["breaker"] for target in found["targets"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/services/nobody", 404),
        ("GET", "/services/echo", 404),
        ("POST", "/services/users/targets/127.0.0.1:9/drain", 404),
        ("POST", "/services/nobody/targets/127.0.0.1:3001/drain", 404),
        ("POST", "/services/users/targets/127.0.0.1:3001/destroy", 404),
        ("POST", "/services/users/breaker/melt", 404),
        ("POST", "/services/twice/breaker/open", 409),
        ("GET", "/services/users/targets/127.0.0.1:3001/drain", 405),
        ("GET", "/services/users/breaker/open", 405),
        ("POST", "/services", 405),
        ("DELETE", "/services/users", 405),
        ("GET", "/services/", 404),
        ("GET", "/servicesx", 404),
    ],
)
async def test_what_cannot_be_done_is_a_problem(method: str, path: str, status: int) -> None:
    """With the request id, and nothing is changed."""
    bench = Bench()
    response = await bench.ask(method, path)
    assert (status, "r1") == (response.status, _json(response)["request_id"])
    assert (status == 405) == ("Allow" in response.headers)
    assert {Block.NONE} == {*bench.blocks("users"), *bench.blocks("twice")}


async def test_guard_stands_before_the_api_and_not_before_health() -> None:
    """Orchestrators ask for readiness with whatever fields they like."""
    bench = Bench()
    drain = "/services/users/targets/127.0.0.1:3001/drain"
    assert 403 == (await bench.ask("POST", drain, Origin="http://evil.example")).status
    assert {Block.NONE} == set(bench.blocks("users"))
    assert 200 == (await bench.ask("GET", "/health", Origin="http://evil.example")).status


async def test_required_service_without_a_fit_target_ends_readiness() -> None:
    """And another service does not."""
    bench = Bench()
    bench.gateway.state.health.mark_ready()
    await bench.json("POST", "/services/%74wice/targets/127.0.0.1:3003/drain")
    for number in ("127.0.0.1:3001", "127.0.0.1:3002"):
        await bench.json("POST", f"/services/users/targets/{number}/drain")
    assert 200 == (await bench.ask("GET", "/readiness")).status
    await bench.json("POST", "/services/users/targets/%5B::1%5D:3001/drain")
    response = await bench.ask("GET", "/readiness")
    assert (503, {"status": "unavailable", "services": ["users"]}) == (response.status, _json(response))


async def test_fitness_is_shown_to_prometheus() -> None:
    """Of services that look at it, and of every target that is out."""
    bench = Bench()
    await bench.json("POST", "/services/%74wice/targets/127.0.0.1:3003/drain")
    lines = bench.gateway.state.metrics.exposition()[1].decode().splitlines()
    shown = [line for line in lines if line.startswith("vizgate_target_")]
    assert 'vizgate_target_fit{service="users",target="127.0.0.1:3001"} 1.0' in shown
    assert 'vizgate_target_fit{service="twice",target="127.0.0.1:3003"} 0.0' in shown
    assert 'vizgate_target_blocked{reason="drained",service="twice",target="127.0.0.1:3003"} 1.0' in shown
    await bench.json("POST", "/services/%74wice/targets/127.0.0.1:3003/enable")
    assert "twice" not in bench.gateway.state.metrics.exposition()[1].decode()


class SlowOperator:
    """Does nothing until it ``goes_on``, and then whatever is asked."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def perform(self, name: str, arguments: Arguments) -> Document:
        self.begun.set()
        await self.goes_on.wait()
        return changed("before", "after", {})


async def test_change_is_done_and_told_when_its_client_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    """What was begun comes to its end."""
    bench, operator = Bench(), SlowOperator()
    bench.api._operator = operator
    asking = asyncio.ensure_future(bench.ask("POST", "/drain"))
    await operator.begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    operator.goes_on.set()
    with caplog.at_level(logging.INFO, "vizgate.audit"):
        await asyncio.wait(bench.api._doing)
    assert ["done"] == [json.loads(message)["result"] for message in caplog.messages]


async def test_operation_that_fails_is_told_and_tells_the_client_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """500, and the reason is for the log."""

    class Broken(SlowOperator):
        async def perform(self, name: str, arguments: Arguments) -> Document:
            raise RuntimeError("a secret of the inside")

    bench = Bench()
    bench.api._operator = Broken()
    with caplog.at_level(logging.INFO, "vizgate.audit"):
        response = await bench.ask("POST", "/drain")
    assert 500 == response.status
    assert b"secret" not in (response.body.data or b"")
    assert '"result": "failed"' in caplog.text
    assert "a secret of the inside" in caplog.text
