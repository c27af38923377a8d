"""What one decision costs, by store: a token bucket of two cells.

Redis answers a hundred at once, as it is asked by a gateway under load; time per decision is a hundredth of what is
shown, and ``cpu_us_per_decision`` is this process's part of it, without Redis and the kernel's waiting.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.integration.redis_server import RedisServer
from vizgate.extension.store import Cells, Step, Store
from vizgate.store.config import RedisStoreConfig
from vizgate.store.memory import MemoryStore
from vizgate.store.redis.store import RedisStore
from vizgate.store.shared.store import SharedStore

AT_ONCE = 100
SETTINGS: Cells = (1.0, 10.0, 100.0)
MANY_KEYS = [b"standard:anonymous:%d" % number for number in range(100_000)]


class Bucket:
    name = "bucket"
    lua = """
local cost, rate, burst = arguments[1], arguments[2], arguments[3]
local level, passed = burst, 0
if cells[1] then level = math.min(burst, cells[1] + math.max(0, now - cells[2]) * rate) end
if level >= cost then level, passed = level - cost, 1 end
return {level, now}, (burst - level) / rate + 1, {passed, level}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        cost, rate, burst = arguments
        level, passed = burst, 0.0
        if cells:
            level = min(burst, cells[0] + max(0.0, now_s - cells[1]) * rate)
        if level >= cost:
            level, passed = level - cost, 1.0
        return Step((level, now_s), (burst - level) / rate + 1, (passed, level))


BUCKET = Bucket()


def test_program_alone(benchmark: BenchmarkFixture) -> None:
    benchmark(BUCKET.run, (50.0, 1.0), 2.0, SETTINGS)


@pytest.fixture(params=["memory", "shared"])
def local(request: pytest.FixtureRequest) -> Iterator[Store]:
    store = MemoryStore() if request.param == "memory" else SharedStore()
    with asyncio.Runner() as runner:
        runner.run(store.start())
        yield store
        runner.run(store.stop())


def test_local_one_key(benchmark: BenchmarkFixture, local: Store) -> None:
    benchmark(local.run, BUCKET, b"standard:anonymous:1", SETTINGS)


def test_local_many_keys(benchmark: BenchmarkFixture, local: Store) -> None:
    keys = cycle(MANY_KEYS)
    benchmark(lambda: local.run(BUCKET, next(keys), SETTINGS))


def test_local_full(benchmark: BenchmarkFixture, local: Store) -> None:
    """Each decision is about a new key, and another one leaves."""
    numbers = iter(range(10_000_000))
    for _ in range(250_000):
        local.run(BUCKET, b"%d" % next(numbers), SETTINGS)
    benchmark(lambda: local.run(BUCKET, b"%d" % next(numbers), SETTINGS))


def test_redis_hundred_at_once(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path)
    server.start()
    store = RedisStore(RedisStoreConfig(kind="redis", url=server.url, timeout=5.0))
    spent_s, rounds = 0.0, 0

    async def ask() -> None:
        await asyncio.gather(*(store.run(BUCKET, b"key", SETTINGS) for _ in range(AT_ONCE)))

    with asyncio.Runner() as runner:
        runner.run(store.start())

        def batch() -> None:
            nonlocal spent_s, rounds
            before_s = time.process_time()
            runner.run(ask())
            spent_s += time.process_time() - before_s
            rounds += 1

        benchmark(batch)
        runner.run(store.stop())
    server.kill()
    benchmark.extra_info["cpu_us_per_decision"] = round(spent_s / rounds / AT_ONCE * 1e6, 2)
    print(benchmark.extra_info)
