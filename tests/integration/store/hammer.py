"""A process that counts on a store as fast as it can: ``python hammer.py STORE KEY TIMES MOST``.

STORE is the file descriptor of a shared table, or the URL of a Redis. It prints ``ready``, waits for a line, and then
prints how many passed and how many failed. It is started by the tests beside it.
"""

from __future__ import annotations

import asyncio
import inspect
import sys

from vizgate.extension.store import Store, StoreFailed
from vizgate.store.config import RedisStoreConfig
from vizgate.store.redis.store import RedisStore
from vizgate.store.shared.store import SharedStore
from vizgate.testing.store_suite import CountUp

AT_ONCE = 20


def store_of(where: str) -> Store:
    if where.isdigit():
        return SharedStore(inherited_fd=int(where))
    # Every answer counts here, however slow the machine is.
    return RedisStore(RedisStoreConfig(kind="redis", url=where, timeout=30.0))


async def count(store: Store, key: bytes, times: int, most: float) -> tuple[int, int]:
    passed = failed = 0
    for _ in range(times):
        try:
            answer = store.run(CountUp(), key, (most,))
            has_passed, _ = await answer if inspect.isawaitable(answer) else answer
            passed += int(has_passed)
        except StoreFailed:
            failed += 1
    return passed, failed


async def main(where: str, key: str, times: str, most: str) -> None:
    store = store_of(where)
    await store.start()
    print("ready", flush=True)
    sys.stdin.readline()
    each = int(times) // AT_ONCE
    results = await asyncio.gather(*(count(store, key.encode(), each, float(most)) for _ in range(AT_ONCE)))
    print(*map(sum, zip(*results, strict=True)), flush=True)
    await store.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
