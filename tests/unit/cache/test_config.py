"""``use: cache`` in a configuration, and in a whole gateway."""

from __future__ import annotations

import json

import pytest

from vizgate import Gateway, Headers, Request, Response
from vizgate.cache.config import CacheConfig
from vizgate.cache.http_cache import HttpCache
from vizgate.config import load_text
from vizgate.errors import ConnectFailed
from vizgate.extension.kept import Kept
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.purging import clear_caches
from vizgate.gateway.rehearsal import Rehearsal
from vizgate.testing import ManualClock, MemoryClient


def text(*middleware: dict, **route) -> str:
    routes = [{"name": "r", "match": {"path": "/*"}, "service": "a", "middleware": [*middleware], **route}]
    return json.dumps({"version": 1, "services": {"a": {"targets": ["http://127.0.0.1:1"]}}, "routes": routes})


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"size": 1000}, "at least 64KiB"),
        ({"max_object": 0}, "more than 0"),
        ({"size": 2**20, "max_object": 2**21}, "at most size"),
    ],
)
def test_sizes_that_cannot_work_are_refused(settings, remedy):
    """The message says what would work."""
    with pytest.raises(ValueError, match=remedy):
        CacheConfig(**settings)


def test_units_of_the_yaml_are_read():
    """Durations and sizes as everywhere."""
    config = load_text(text({"use": "cache", "ttl": "30s", "size": "8MiB"}), resolve=Registry(BUILTIN).resolve)
    settings = config.routes[0].middleware[0].read(CacheConfig)
    assert (30.0, 8 * 2**20) == (settings.ttl, settings.size)


async def handler(request: Request) -> Response:
    fields = [(b"Cache-Control", b"max-age=60"), (b"Cache-Tag", b"all"), (b"Date", b"Thu, 01 Jan 2026 00:00:00 GMT")]
    return Response(200, Headers(fields), request.target)


async def test_gateway_purges_by_url_and_tag():
    """A program says what to forget, in any spelling, and is told how much it was."""
    async with MemoryClient(text({"use": "cache"}), services={"a": handler}, clock=ManualClock()) as client:
        for _ in range(2):
            response = await client.get("http://example.com/a")
        assert "hit" in response.headers["Cache-Status"]
        gateway = client.gateway
        assert 1 == gateway.purge(url="http://EXAMPLE.com:80/a")
        assert 0 == gateway.purge(url="http://example.com/a")
        assert "fwd=uri-miss" in (await client.get("http://example.com/a")).headers["Cache-Status"]
        assert 1 == gateway.purge(tag="all")
        await client.get("http://example.com/a")
        clear_caches(gateway.state)
        assert "fwd=uri-miss" in (await client.get("http://example.com/a")).headers["Cache-Status"]
        with pytest.raises(ValueError, match="Give a url"):
            gateway.purge()


async def test_hit_still_has_to_be_let_in():
    """The cache stands inside of the question who may: a stored answer is for nobody else."""
    keys = {"kind": "api_key", "keys": [{"id": "a", "hash": "sha256:" + "0" * 64, "user": "a"}]}
    document = json.loads(text({"use": "cache"}, auth=["keys"])) | {"auth": {"keys": keys}}
    async with MemoryClient(json.dumps(document), services={"a": handler}) as client:
        assert 401 == (await client.get("/a")).status


async def test_rehearsed_requests_do_not_answer_each_other():
    """Each test of a configuration stands for itself, and shows what the service would see."""
    config = load_text(text({"use": "cache", "ttl": "30s"}, rewrite={"path": "/b"}), resolve=Registry(BUILTIN).resolve)
    async with Rehearsal(config, Registry(BUILTIN)) as rehearsal:
        for _ in range(2):
            result = await rehearsal.send("GET", "http://example.com/a")
            assert result.upstream is not None
            assert "/b" == result.upstream.target
            assert ("cache", True, 200) == (result.steps[0].use, result.steps[0].forwarded, result.steps[0].status)


async def test_builtin_service_shows_the_rewritten_target():
    """What a built-in service has seen is told, too, though another task has asked it."""
    document = json.loads(text({"use": "cache"}, rewrite={"path": "/b"})) | {"services": {"a": {"builtin": "echo"}}}
    config = load_text(json.dumps(document), resolve=Registry(BUILTIN).resolve)
    async with Rehearsal(config, Registry(BUILTIN)) as rehearsal:
        result = await rehearsal.send("GET", "http://example.com/a")
        assert result.upstream is not None
        assert "/b" == result.upstream.target


async def test_services_of_a_split_are_cached_apart():
    """What a canary has answered is for those whom the split sends there, and for nobody else."""

    def answering(body: bytes):
        async def answer(request: Request) -> Response:
            return Response(200, Headers([(b"Cache-Control", b"max-age=60")]), body)

        return answer

    document = json.loads(text({"use": "cache"}))
    del document["routes"][0]["service"]
    document["services"]["b"] = {"targets": ["http://127.0.0.1:1"]}
    document["routes"][0]["split"] = [
        {"service": "a", "weight": 1},
        {"service": "b", "weight": 0, "header": {"X-Canary": "yes"}},
    ]
    services = {"a": answering(b"stable"), "b": answering(b"canary")}
    async with MemoryClient(json.dumps(document), services=services, clock=ManualClock()) as client:
        found = [(await client.get("/a", headers=fields)).body for fields in ({"X-Canary": "yes"}, {}) * 2]
        assert [b"canary", b"stable"] * 2 == found
        assert "hit" in (await client.get("/a")).headers["Cache-Status"]


async def test_fallback_is_not_stored():
    """What stands in for a service that is down is asked for each time, so that the service is back at once."""
    fallback = {"respond": {"status": 200, "text": "soon"}}
    document = text({"use": "cache", "ttl": "60s"}, fallback=fallback)
    is_down = True

    async def service(request: Request) -> Response:
        if is_down:
            raise ConnectFailed("refused")
        return Response(200, Headers(), b"up")

    async with MemoryClient(document, services={"a": service}, clock=ManualClock()) as client:
        assert b"soon" == (await client.get("/a")).body
        is_down = False
        assert b"up" == (await client.get("/a")).body


async def test_metrics_count_each_request_once():
    """By route and by how it was answered."""
    async with MemoryClient(text({"use": "cache"}), services={"a": handler}, clock=ManualClock()) as client:
        for _ in range(3):
            await client.get("/a")
        await client.post("/a")
        family = client.gateway.state.metrics.counters("cache_requests", "", ("route", "result"))
        found = {result: counter.value for (_, result), counter in family.series.items() if counter.value}
        assert {"hit": 2, "miss": 1, "bypass": 1} == found


async def test_stop_and_start_leaves_nothing_behind():
    """A gateway that is started again begins with an empty cache."""
    gateway = Gateway.from_text(text({"use": "cache"}))
    for _ in range(2):
        await gateway.start_parts()
        assert [True] == [cache.is_used for cache in gateway.state.kept.all(HttpCache)]
        await gateway.stop()
        assert [False] == [cache.is_used for cache in gateway.state.kept.all(HttpCache)]


def test_kept_things_are_found_by_kind_and_name():
    """What was made once is found again; another name, or another kind, is another thing."""

    class Other(HttpCache):
        pass

    kept = Kept()
    first = kept.get(HttpCache, "a", HttpCache)
    assert first is kept.get(HttpCache, "a", HttpCache)
    assert first is not kept.get(HttpCache, "b", HttpCache)
    assert first is not kept.get(Other, "a", Other)
    assert 2 == len(kept.all(HttpCache))
