"""The admin API over real sockets: draining targets, and who may not."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.integration.health.bench import Mood, serving
from vizgate.pipeline.target_state import Block
from vizgate.testing import ScriptedUpstream
from vizgate.testing.steps import read_request, send, wait

DRAINED = Block.DRAINED


async def test_drained_target_gets_no_new_requests_and_finishes_the_old() -> None:
    """The one in flight is answered; the others go elsewhere until it is enabled again."""
    goes_on, mood = asyncio.Event(), Mood()
    slow = [read_request(), wait(goes_on), send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")]
    async with (
        ScriptedUpstream(slow) as a,
        ScriptedUpstream(mood.script()) as b,
        serving([a.url, b.url], {"passive": {}}) as bench,
    ):
        in_flight = asyncio.ensure_future(bench.ask())
        await a.wait_for(lambda: bool(a.complete_requests))
        response = await bench.admin("POST", f"/services/users/targets/127.0.0.1:{a.port}/drain")
        target = json.loads(response.body)["targets"][0]
        assert (200, False, ["drained"], 1) == (
            response.status, target["fit"], target["blocked"], target["in_flight"]
        )  # fmt: skip
        assert [200] * 5 == await bench.statuses(5)
        assert 5 == mood.served
        goes_on.set()
        assert b"slow" == (await in_flight).body
        found = json.loads((await bench.admin("GET", "/services/users")).body)
        assert 0 == found["targets"][0]["in_flight"]
        assert 200 == (await bench.admin("POST", f"/services/users/targets/127.0.0.1:{a.port}/enable")).status
        assert [200] * 2 == await bench.statuses(2)
        assert 6 == mood.served


async def test_drained_target_is_not_asked_in_panic_either() -> None:
    """An operator's word holds when everything else is tried."""
    bad = Mood(health=500)
    health = {"active": {"path": "/health", "unhealthy_after": 1}, "panic_below": "100%"}
    async with (
        ScriptedUpstream(bad.script()) as a,
        ScriptedUpstream(bad.script()) as b,
        serving([a.url, b.url], health) as bench,
    ):
        await bench.until(Block.UNHEALTHY, Block.UNHEALTHY)
        await bench.admin("POST", f"/services/users/targets/127.0.0.1:{a.port}/drain")
        assert [200] * 4 == await bench.statuses(4)
        assert 4 == sum(request.target == b"/x" for request in b.complete_requests)
        await bench.admin("POST", f"/services/users/targets/127.0.0.1:{b.port}/drain")
        assert [503] == await bench.statuses(1)


@pytest.mark.parametrize(
    "fields",
    [["Origin: http://evil.example"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"]],
)
async def test_page_in_a_browser_drains_nothing(fields: list[str]) -> None:
    """What a script of another site can send is refused, and changes nothing."""
    async with ScriptedUpstream() as a, serving([a.url], {"passive": {}}) as bench:
        response = await bench.admin("POST", f"/services/users/targets/127.0.0.1:{a.port}/drain", *fields)
        assert (403, [Block.NONE]) == (response.status, bench.blocks())
        assert b"application/problem+json" == response.get_all(b"content-type")[0]


async def test_body_of_a_command_is_not_looked_at() -> None:
    """Many clients send one with POST."""
    async with ScriptedUpstream() as a, serving([a.url], {"passive": {}}) as bench:
        path = f"/services/users/targets/127.0.0.1:{a.port}/drain"
        fields = ["Content-Type: application/json", "Content-Length: 0"]
        assert 200 == (await bench.admin("POST", path, *fields)).status
        assert [DRAINED] == bench.blocks()


async def test_api_is_not_on_the_public_listener() -> None:
    """There the path is a path of a service like any other."""
    async with ScriptedUpstream() as a, serving([a.url], {"passive": {}}) as bench:
        assert b"ok" == (await bench.ask("/services")).body


async def test_route_to_the_admin_listener_does_not_open_the_api() -> None:
    """A service that leads there, by mistake or not, with the very Host that the listener wants."""
    async with ScriptedUpstream() as a, serving([a.url], {"passive": {}}) as bench:
        assert bench.gateway.admin_address is not None
        there = f"http://127.0.0.1:{bench.gateway.admin_address[1]}"
        async with serving([there], {"passive": {}}, host_header="target") as other:
            assert 403 == (await other.ask("/services")).status
            assert 200 == (await other.ask("/health")).status
