"""Work in steps and work beside the loop: others have their turn meanwhile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator

import pytest

from vizgate.gateway.reload.off_loop import off_loop
from vizgate.gateway.stepping import SLICE_S, in_slices


async def test_others_have_their_turn_between_slices() -> None:
    """Work of a hundred slices lets the loop turn about as often."""
    loop = asyncio.get_running_loop()
    turns = 0

    def steps() -> Generator[None, None, str]:
        for _ in range(100):
            until_s = loop.time() + SLICE_S
            while loop.time() < until_s:
                pass
            yield
        return "done"

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert "done" == await in_slices(steps())
    counting.cancel()
    assert turns >= 90


async def test_error_of_a_step_ends_the_work() -> None:
    """It is told as it is."""

    def steps() -> Generator[None, None, None]:
        yield
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_slices(steps())


async def test_threads_hand_back_early_while_one_works() -> None:
    """And as ever afterwards, also when the work fails or some overlaps."""
    before_s = sys.getswitchinterval()
    assert await off_loop(sys.getswitchinterval) < before_s
    with pytest.raises(ZeroDivisionError):
        await off_loop(lambda: 1 // 0)
    await asyncio.gather(*(off_loop(sys.getswitchinterval) for _ in range(5)))
    assert before_s == sys.getswitchinterval()
