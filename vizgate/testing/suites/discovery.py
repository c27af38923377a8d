"""What every source of targets must do, as one function to call from a test.

In: ``check_discovery``. Not in: what a source says about its own world, which is that source's own test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from random import Random
from typing import Any

from vizgate.extension.contract import Context
from vizgate.extension.kinds.discovery import MAX_TARGETS, Discovered, DiscoveredTarget, Discovery

#: Makes a source, for a context. Gives the same world to each.
MakeDiscovery = Callable[[Context], Discovery]
#: Does something to the world.
Act = Callable[[], Awaitable[None] | None]

# What a source may say at once that has not waited: a few answers while it gets ready.
_AT_ONCE = 5
_LOOK_S = 0.05
_ENDED = "it has ended; a watch has no end"


async def check_discovery(
    make: MakeDiscovery,
    *,
    change: Act,
    fail: Act | None = None,
    mend: Act | None = None,
    context: Context | None = None,
    patience_s: float = 5.0,
) -> None:
    """Hold the sources that *make* builds to the contract of ``Discovery``; return when nothing was found.

    Args: change: has the world say other targets than before. fail: has it fail; mend: undoes that. context: what
    sources lean on; its ``sleep`` and ``random`` are replaced, so that waits between questions take no time.
    patience_s: how long anything may take.
    Raises: AssertionError: a source breaks the contract; the message says how.
    """
    suite = _Suite(make, context or Context(), patience_s)
    await suite.check_unused()
    await suite.check_cancelled()
    await suite.check_pauses()
    await suite.check_changes(change)
    await suite.check_again()
    if fail is not None and mend is not None:
        await suite.check_failure(fail, mend)


class _Suite:
    def __init__(self, make: MakeDiscovery, context: Context, patience_s: float) -> None:
        self._make = make
        self._context = replace(context, random=Random(1))  # noqa: S311  # the same test every time
        self._patience_s = patience_s

    async def check_unused(self) -> None:
        """A plan that is never used makes sources, and stops some that have never started."""
        source = self._make(self._context)
        label = source.label
        assert isinstance(label, str), f"its label is a {type(label).__name__}, not a text"
        assert label, "its label is empty"
        assert label.isprintable(), f"its label {label!r} is not one line for people"
        await source.stop()

    async def check_pauses(self) -> None:
        """Nobody may ask the world without a pause."""

        async def never(_seconds: float) -> None:
            await asyncio.Event().wait()

        async with self._watched(never) as answers:
            await self._first(answers)
            count = 0
            try:
                async with asyncio.timeout(_LOOK_S):
                    while count <= _AT_ONCE:
                        await anext(answers)
                        count += 1
            except TimeoutError:
                return
            except StopAsyncIteration:
                raise AssertionError(_ENDED) from None
        raise AssertionError(f"more than {_AT_ONCE} answers without a wait by context.sleep or for the world")

    async def check_changes(self, change: Act) -> None:
        """What the world says is told, whole, the first at once and each change after it."""
        async with self._watched(_shortly) as answers:
            before = await self._first(answers)
            await _done(change())
            async with self._in_time("no answer with other targets after a change"):
                async for found in answers:
                    _check_answer(found)
                    if set(found.targets) != set(before.targets):
                        return
        raise AssertionError(_ENDED)

    async def check_again(self) -> None:
        """After a failure it is watched again, and must not need to be made anew."""
        source = self._make(replace(self._context, sleep=_shortly))
        await source.start()
        try:
            for _ in range(2):
                answers: Any = source.watch()
                await self._first(answers)
                await _close(answers)
        finally:
            await source.stop()

    async def check_cancelled(self) -> None:
        """A gateway that stops waits for nothing, and nothing of the source goes on."""
        with _descendants() as tasks:
            async with self._watched(_shortly) as answers:
                task = asyncio.ensure_future(_follow(answers))
                await asyncio.sleep(_LOOK_S)
                task.cancel()
                ended, _ = await asyncio.wait([task], timeout=self._patience_s)
                assert ended, "it does not end when it is cancelled"
                assert task.cancelled(), f"cancelled, it ended with {task.exception()!r}, not as cancelled"
        # What was cancelled by `stop` has its last turn.
        await asyncio.sleep(0)
        left = [task for task in tasks if not task.done()]
        assert not left, f"tasks go on after stop: {left}"

    async def check_failure(self, fail: Act, mend: Act) -> None:
        """A failure is raised: an answer, or an end, would be taken for the truth."""
        source = self._make(replace(self._context, sleep=_shortly))
        await source.start()
        try:
            answers: Any = source.watch()
            await self._first(answers)
            await _done(fail())
            await self._check_raises(answers)
            await _close(answers)
            await _done(mend())
            again: Any = source.watch()
            await self._first(again)
            await _close(again)
        finally:
            await source.stop()

    async def _check_raises(self, answers: AsyncIterator[Discovered]) -> None:
        async with self._in_time("the world fails, and nothing is raised"):
            while True:
                try:
                    await anext(answers)
                except StopAsyncIteration:
                    raise AssertionError("it ends when the world fails; it must raise what is wrong") from None
                except TimeoutError:
                    raise
                except Exception:  # noqa: BLE001  # whatever it is: it was raised, as it must be
                    return

    @asynccontextmanager
    async def _watched(self, sleep: Callable[[float], Awaitable[None]]) -> AsyncIterator[AsyncIterator[Discovered]]:
        source = self._make(replace(self._context, sleep=sleep))
        await source.start()
        answers = source.watch()
        try:
            yield answers
        finally:
            await _close(answers)
            await source.stop()

    async def _first(self, answers: AsyncIterator[Discovered]) -> Discovered:
        async with self._in_time("no first answer"):
            try:
                found = await anext(answers)
            except StopAsyncIteration:
                raise AssertionError("it has ended without an answer") from None
            _check_answer(found)
            return found

    @asynccontextmanager
    async def _in_time(self, otherwise: str) -> AsyncIterator[None]:
        limit = asyncio.timeout(self._patience_s)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise AssertionError(f"{otherwise} within {self._patience_s:g} s") from None


def _check_answer(found: object) -> None:
    assert isinstance(found, Discovered), f"an answer is a {type(found).__name__}, not Discovered"
    assert isinstance(found.targets, tuple), f"its targets are a {type(found.targets).__name__}, not a tuple"
    assert len(found.targets) <= MAX_TARGETS, f"more than {MAX_TARGETS} targets"
    wrong = [target for target in found.targets if not isinstance(target, DiscoveredTarget)]
    assert not wrong, f"no DiscoveredTarget: {wrong[:3]}"
    assert found.good_for_s > 0, f"it is good for {found.good_for_s} seconds"


@contextmanager
def _descendants() -> Iterator[set[asyncio.Task[Any]]]:
    """Every task that is made by the present one, or by one that is in here already: not those of a world that lives in
    the same loop.
    """
    loop = asyncio.get_running_loop()
    before, found = loop.get_task_factory(), set[asyncio.Task[Any]]()
    root = asyncio.current_task()

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
        parent = asyncio.current_task()
        task: Any = asyncio.Task(coro, loop=loop, **more) if before is None else before(loop, coro, **more)
        if parent is not None and (parent is root or parent in found):
            found.add(task)
        return task

    loop.set_task_factory(make)
    try:
        yield found
    finally:
        loop.set_task_factory(before)


async def _shortly(_seconds: float) -> None:
    # Not at once: the world, in the same loop, needs its turn.
    await asyncio.sleep(0.001)


async def _follow(answers: AsyncIterator[Discovered]) -> None:
    async for _ in answers:
        # The others have their turn also when the source never waits.
        await asyncio.sleep(0)
    await asyncio.Event().wait()


async def _done(acting: Awaitable[None] | None) -> None:
    if acting is not None:
        await acting


async def _close(answers: Any) -> None:
    close = getattr(answers, "aclose", None)
    if close is not None:
        await close()
