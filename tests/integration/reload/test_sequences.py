"""Any sequence of reloads, good and bad, leads to what the last good configuration means from the start."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.reload.bench import USE, Watched, ask, client_of, config_of, counts, retired
from vizgate.errors import VizgateError
from vizgate.gateway.server import Gateway

_PORTS = (9, 10, 11)
_PATHS = ("/a", "/b", "/c/{id}")
#: What is asked of each gateway that is compared.
_ASKED = ("/a", "/b", "/c/7", "/none")

_services = st.fixed_dictionaries(
    {"targets": st.lists(st.sampled_from([f"http://127.0.0.1:{port}" for port in _PORTS]), min_size=1, max_size=3)},
    optional={
        "breaker": st.fixed_dictionaries({}, optional={"scope": st.sampled_from(["target", "service"])}),
        "health": st.sampled_from([{"passive": {}}, {"passive": {}, "slow_start": "1s"}, {"slow_start": "2s"}]),
        "max_in_flight": st.integers(1, 3),
        "balancer": st.sampled_from(["round_robin", "weighted", "ewma", {"hash": {"on": "ip"}}]),
        "affinity": st.just({"cookie": "VZ"}),
        "retry": st.just({"attempts": 2}),
        "required": st.booleans(),
    },
)
_routes = st.fixed_dictionaries(
    {"match": st.builds(lambda path: {"path": path}, st.sampled_from(_PATHS)), "respond": st.sampled_from([
        {"text": "one"}, {"text": "two"}, {"status": 410}])},
    optional={
        "limit": st.sampled_from(["few", "many"]),
        "auth": st.just(["keys"]),
        "cors": st.just({"origins": ["https://a.example"]}),
        "middleware": st.lists(st.sampled_from([
            {"use": "cache"}, {"use": "compress"}, {"use": USE, "name": "ok"}, {"use": USE, "name": "fails"}]),
            max_size=2, unique_by=lambda entry: entry["use"]),
    },
)  # fmt: skip
_wanted = st.fixed_dictionaries(
    {
        "services": st.dictionaries(st.sampled_from(["x", "y"]), _services, max_size=2),
        "routes": st.lists(_routes, min_size=1, max_size=3, unique_by=lambda route: route["match"]["path"]),
        "server": st.fixed_dictionaries({}, optional={
            "public_endpoints": st.just(["health"]), "limits": st.just({"headers": 50}), "zone": st.just("z")}),
        "breaks": st.sampled_from(["", "", "", "port", "same path"]),
    },
)  # fmt: skip
_ALWAYS = {
    "auth": {"keys": {"kind": "api_key", "keys": [{"id": "a", "hash": "sha256:" + "ab" * 32, "user": "u"}]}},
    "limits": {"few": {"rate": "1/hour", "key": "ip"}, "many": {"rate": "1000/second", "key": "ip"}},
}


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.getsockname()[1]


def parts_of(wanted: dict[str, Any], taken: int) -> dict[str, Any]:
    """*wanted* as a configuration, which can be loaded; whether it can be used, ``breaks`` says."""
    services = {f"service {name}": service for name, service in wanted["services"].items()}
    parts = {"services": {name.replace(" ", "_"): service for name, service in services.items()}, **_ALWAYS}
    parts["routes"] = [{"name": f"route {n}", **route} for n, route in enumerate(wanted["routes"])]
    parts["server"] = dict(wanted["server"])
    if wanted["breaks"] == "port":
        parts["server"]["listen"] = ["127.0.0.1:0", f"127.0.0.1:{taken}"]
    elif wanted["breaks"] == "same path":
        parts["routes"].append({"name": "twin", "match": parts["routes"][0]["match"], "respond": {}})
    return parts


async def seen(gateway: Gateway) -> Any:
    """What clients see, and how much there is of everything."""
    answers = []
    async with client_of(gateway) as client:
        for path in _ASKED:
            answer = await ask(client, path)
            fields = sorted(name.lower() for name, _ in answer.fields if not name.lower().startswith(b"x-ratelimit"))
            answers.append((answer.status, answer.body if answer.status == 200 else b"", fields))
    async with asyncio.timeout(5):
        while any(site.connections for site in gateway._present.sites):  # noqa: ASYNC110  # connections tell nobody
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    size = counts(gateway)
    for counted_from_the_start in ("routes", "series", "files"):
        del size[counted_from_the_start]
    fit = {key: state.blocks for key, state in gateway.state.targets.items()}
    return answers, size, fit


async def follow(first: dict[str, Any], sequence: list[dict[str, Any]]) -> None:
    gateway, last = Gateway(config_of(first)), first
    async with gateway:
        for parts in sequence:
            try:
                await gateway.reload(config_of(parts))
                last = parts
            except VizgateError:
                continue
        await retired(gateway)
        # Counters of limits live on, so they begin anew in both.
        gateway.state.store._entries.clear()
        gateway.state.store._keys.clear()
        reloaded = await seen(gateway)
    async with Gateway(config_of(last)) as fresh:
        assert await seen(fresh) == reloaded


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(_wanted, min_size=1, max_size=5))
def test_last_good_configuration_is_what_serves(taken: int, sequence: list[dict[str, Any]]) -> None:
    """Routing, answers, and every count of state are those of a gateway that began with it."""
    Watched.begin()
    first = {"routes": [{"name": "first", "match": {"path": "/a"}, "respond": {"text": "first"}}]}
    asyncio.run(follow(first, [parts_of(wanted, taken) for wanted in sequence]))
    assert Watched.log.count("start ok") == Watched.log.count("stop ok")
    assert Watched.log.count("start fails") == Watched.log.count("stop fails")
