"""Asking others: once for each key, bounded, whoever leaves."""

from __future__ import annotations

import asyncio

import pytest

from vizgate.auth.questions import Questions
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable


class Asked:
    """A question that is answered when the test says so."""

    def __init__(self) -> None:
        self.times = 0
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.times += 1
        return await self.answer


async def test_same_key_is_asked_once() -> None:
    """A hundred who ask the same wait for one question."""
    questions: Questions[str] = Questions("x", 1)
    asked = Asked()
    waiting = [asyncio.ensure_future(questions.ask(b"a", asked)) for _ in range(100)]
    await asyncio.sleep(0)
    asked.answer.set_result("yes")
    assert ["yes"] * 100 == await asyncio.gather(*waiting)
    assert (1, 0) == (asked.times, len(questions))


async def test_too_many_questions_are_refused_at_once() -> None:
    """There is no queue: over the limit nobody waits."""
    questions: Questions[str] = Questions("partners", 2)
    asked = Asked()
    waiting = [asyncio.ensure_future(questions.ask(key, asked)) for key in (b"a", b"b")]
    with pytest.raises(AuthenticationUnavailable, match="partners: more than 2"):
        questions.ask(b"c", asked)
    asked.answer.set_result("yes")
    await asyncio.gather(*waiting)
    assert "yes" == await questions.ask(b"c", asked)


async def test_asker_that_leaves_takes_nothing_from_the_others() -> None:
    """The first who asked may go; the question goes on for the second."""
    questions: Questions[str] = Questions("x", 1)
    asked = Asked()
    first = asyncio.ensure_future(questions.ask(b"a", asked))
    second = asyncio.ensure_future(questions.ask(b"a", asked))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    asked.answer.set_result("yes")
    assert "yes" == await second


async def test_failure_is_everybodys_and_is_not_kept() -> None:
    """All who waited get the error; whoever asks next asks anew. Without askers it disturbs nobody."""
    questions: Questions[str] = Questions("x", 1)
    asked = Asked()
    waiting = [asyncio.ensure_future(questions.ask(b"a", asked)) for _ in range(2)]
    await asyncio.sleep(0)
    asked.answer.set_exception(AuthenticationUnavailable("away"))
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert [True, True] == [isinstance(failure, AuthenticationUnavailable) for failure in failures]
    again = Asked()
    again.answer.set_result("yes")
    assert "yes" == await questions.ask(b"a", again)


async def test_stop_ends_what_is_in_flight() -> None:
    """After a stop nothing runs."""
    questions: Questions[str] = Questions("x", 1)
    waiting = asyncio.ensure_future(questions.ask(b"a", Asked()))
    await asyncio.sleep(0)
    await questions.stop()
    assert 0 == len(questions)
    with pytest.raises(asyncio.CancelledError):
        await waiting
