"""What every store must do, as one function to call from a test.

In: ``check_store`` and the programs it runs. Not in: what a store does under load or when it is away, which is that
store's own test.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from typing import ClassVar

from vizgate.extension.store import MAX_CELLS, NO_CELLS, Cells, Program, Step, Store

_NUMBERS = (0.1 + 0.2, 1e308, 5e-324, -0.0, float(2**53), 1_767_225_600.123456, -1.5, float("inf"))
_KEYS = (b"", b"\0", b"a", b"a ", b"A", b"a\r\nb", b"\xff\xfe", b"{a}", b"k" * 1000, b"k" * 1001)
_TTL_S = 0.2


class Remember:
    """Keeps the arguments behind the first, which is their ttl; the result is what was kept before."""

    name: ClassVar[str] = "remember"
    lua: ClassVar[str] = """
local kept = {}
for index = 2, #arguments do kept[index - 1] = arguments[index] end
return kept, arguments[1], cells
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``."""
        return Step(arguments[1:], arguments[0], cells)


class CountUp:
    """Lets ``arguments[0]`` pass in an hour; the result is whether this one did, and the count."""

    name: ClassVar[str] = "count_up"
    lua: ClassVar[str] = """
local count = cells[1] or 0
if count >= arguments[1] then return cells, 3600, {0, count} end
return {count + 1}, 3600, {1, count + 1}
"""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``."""
        count = cells[0] if cells else 0.0
        if count >= arguments[0]:
            return Step(cells, 3600.0, (0.0, count))
        return Step((count + 1,), 3600.0, (1.0, count + 1))


class TellTime:
    """The result is the time, as the store sees it."""

    name: ClassVar[str] = "tell_time"
    lua: ClassVar[str] = "return {}, 0, {now}"

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """See ``Program.run``."""
        return Step(NO_CELLS, 0.0, (now_s,))


class Broken:
    """Fails."""

    name: ClassVar[str] = "broken"
    lua: ClassVar[str] = "error('broken on purpose')"

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:  # noqa: ARG002  # the signature of Program
        """Raises: ValueError: always."""
        raise ValueError("broken on purpose")


async def check_store(store: Store, *, wait: Callable[[float], Awaitable[None]] | None = None) -> None:
    """Hold *store*, which is started and stopped here, to the contract of ``Store``; return when nothing was found.

    Keys of any kind are written to it. Args: wait: lets seconds pass on the clock of the store; by default that clock
    is watched until they have passed.
    Raises: AssertionError: the store breaks the contract; the message says how.
    """
    check = _Check(store, wait)
    await store.start()
    try:
        await check.check_answers_as_it_says()
        await check.check_numbers()
        await check.check_keys()
        await check.check_forgets()
        await check.check_expires()
        await check.check_is_atomic()
        await check.check_survives_a_broken_program()
        await check.check_like_a_dict()
    finally:
        await store.stop()
    await store.start()
    try:
        await check.check_numbers()
    finally:
        await store.stop()


class _Check:
    def __init__(self, store: Store, wait: Callable[[float], Awaitable[None]] | None) -> None:
        self._store = store
        self._wait = wait or self._watch

    async def _run(self, program: Program, key: bytes, *arguments: float) -> Cells:
        answer = self._store.run(program, key, arguments)
        return await answer if inspect.isawaitable(answer) else answer

    async def _watch(self, seconds: float) -> None:
        until_s = (await self._run(TellTime(), b"time"))[0] + seconds
        while (await self._run(TellTime(), b"time"))[0] <= until_s:  # noqa: ASYNC110  # nothing tells but the store
            await asyncio.sleep(0.01)

    async def check_answers_as_it_says(self) -> None:
        answer = self._store.run(TellTime(), b"time", NO_CELLS)
        at_once = not inspect.isawaitable(answer)
        assert self._store.is_local == at_once, f"is_local is {self._store.is_local}, but run gave {answer!r}"
        now_s = (await answer)[0] if inspect.isawaitable(answer) else answer[0]
        assert now_s > 1e9, f"the time of a store is in seconds since the epoch, not {now_s}"

    async def check_numbers(self) -> None:
        for number in _NUMBERS:
            many = (number,) * MAX_CELLS
            await self._run(Remember(), b"number", 60.0, *many)
            kept = await self._run(Remember(), b"number", 60.0)
            assert repr(many) == repr(kept), f"{many} came back as {kept}"
        for count in range(1, MAX_CELLS + 1):
            await self._run(Remember(), b"count", 60.0, *map(float, range(count)))
            kept = await self._run(Remember(), b"count", 60.0)
            assert tuple(map(float, range(count))) == kept, f"{count} cells came back as {kept}"

    async def check_keys(self) -> None:
        for number, key in enumerate(_KEYS):
            await self._run(Remember(), key, 60.0, float(number))
        for number, key in enumerate(_KEYS):
            kept = await self._run(Remember(), key, 60.0)
            assert (float(number),) == kept, f"the key {key[:20]!r} holds {kept}, not ({float(number)},)"

    async def check_forgets(self) -> None:
        for ttl_s, cells in ((60.0, NO_CELLS), (0.0, (1.0,)), (-1.0, (1.0,))):
            await self._run(Remember(), b"forgotten", 60.0, 1.0)
            await self._run(Remember(), b"forgotten", ttl_s, *cells)
            kept = await self._run(Remember(), b"forgotten", 60.0)
            assert kept == NO_CELLS, f"cells {cells} with a ttl of {ttl_s} s were kept as {kept}"

    async def check_expires(self) -> None:
        await self._run(Remember(), b"short", _TTL_S, 1.0)
        await self._run(Remember(), b"long", 3600.0, 2.0)
        await self._wait(_TTL_S)
        kept = await self._run(Remember(), b"short", 60.0)
        assert kept == NO_CELLS, f"{kept} was there after its {_TTL_S} s"
        kept = await self._run(Remember(), b"long", 60.0)
        assert kept == (2.0,), f"{kept} instead of (2.0,), long before its time"

    async def check_is_atomic(self) -> None:
        asked, most = 200, 100.0
        answers = await asyncio.gather(*(self._run(CountUp(), b"atomic", most) for _ in range(asked)))
        passed = sorted(count for has_passed, count in answers if has_passed)
        expected = [float(number) for number in range(1, int(most) + 1)]
        assert expected == passed, f"{asked} asked at once for {most:g}: {len(passed)} passed"

    async def check_survives_a_broken_program(self) -> None:
        await self._run(Remember(), b"broken", 60.0, 1.0)
        failed = False
        try:
            await self._run(Broken(), b"broken")
        except Exception:  # noqa: BLE001  # its own error, or a StoreFailed: both tell
            failed = True
        assert failed, "a program that failed was answered"
        kept = await self._run(Remember(), b"broken", 60.0)
        assert kept == (1.0,), f"a program that failed left {kept}"

    async def check_like_a_dict(self) -> None:
        chance = random.Random(1)  # noqa: S311  # the same test every time
        expected: dict[bytes, Cells] = {}
        for turn in range(500):
            key = b"dict %d" % chance.randrange(20)
            cells = tuple(chance.uniform(-1e9, 1e9) for _ in range(chance.randrange(MAX_CELLS + 1)))
            kept = await self._run(Remember(), key, 3600.0, *cells)
            assert expected.get(key, NO_CELLS) == kept, f"turn {turn}: {key!r} held {kept}, not {expected.get(key)}"
            expected[key] = cells
