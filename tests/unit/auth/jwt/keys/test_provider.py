"""Keys that stay fresh: one fetch at a time, old keys serve while their source is away."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from random import Random

import pytest

from tests.unit.auth.jwt.tokens import jwk, key_set, private_key
from vizgate.auth.jwt.keys.key_set import KeySet
from vizgate.auth.jwt.keys.material import KeyUnusable
from vizgate.auth.jwt.keys.provider import KeyProvider, ProviderSettings
from vizgate.auth.jwt.keys.refresh import RefreshSchedule
from vizgate.auth.jwt.keys.source import LIMIT_BYTES, Document, FileSource, UrlSource
from vizgate.errors import CallFailed
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.testing import ManualClock

ONE, TWO = key_set(jwk(private_key("RS256"), "one")), key_set(jwk(private_key("RS256", 1), "two"))


class ScriptedSource:
    """Gives *answers* one after another, the last one for ever; waits for *gate* each time."""

    label = "the source"
    is_near = False

    def __init__(self, *answers: Document | Exception) -> None:
        self.answers = list(answers)
        self.times = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self) -> Document:
        self.times += 1
        await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Impatient(RefreshSchedule):
    """Is due again at once after a failure, so that no second has to pass."""

    def failed(self, now_s: float) -> None:
        self.due_s = now_s


class Made:
    """A provider of *answers*, its clock, its source, and the sets it gave."""

    def __init__(self, *answers: Document | Exception, schedule: type[RefreshSchedule] = RefreshSchedule) -> None:
        self.clock = ManualClock()
        self.has_keys = asyncio.Event()
        self.metrics = Metrics()
        self.source = ScriptedSource(*answers)
        self.sets: list[KeySet] = []
        counters = self.metrics.counters("auth_key_fetches", "x", ("authenticator", "result"))
        settings = ProviderSettings("tokens", frozenset({"RS256"}), self.clock, counters)
        self.provider = KeyProvider(settings, self.source, schedule(600.0, 30.0, Random(1)))

    def _take(self, keys: KeySet) -> None:
        self.sets.append(keys)
        self.has_keys.set()

    def counted(self, result: str) -> int:
        return self.metrics.counters("auth_key_fetches", "x", ("authenticator", "result")).of("tokens", result).value


async def test_start_waits_for_the_first_keys() -> None:
    """After a start with a good source the first request finds keys."""
    made = Made(Document(ONE))
    await made.provider.start(made._take)
    assert 1 == len(made.sets)
    assert (1, 0) == (made.counted("ok"), made.counted("failed"))
    await made.provider.stop(made._take)


async def test_start_without_the_source_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """A source that is away is told and counted, and keeps nothing from starting."""
    made = Made(CallFailed("idp: refused"))
    await made.provider.start(made._take)
    assert ([], True, 1) == (made.sets, made.provider.is_failing, made.counted("failed"))
    assert "auth tokens: no keys from the source: idp: refused; requests with tokens get 503" in caplog.text
    await made.provider.stop(made._take)


async def test_next_user_finds_the_keys_and_fetches_none() -> None:
    """Over a reload the next one comes before the last one leaves; what is fetched then, both are given."""
    made, other = Made(Document(ONE), Document(TWO)), []
    await made.provider.start(made._take)
    await made.provider.start(other.append)
    assert (1, made.sets) == (made.source.times, other)
    await made.provider.stop(made._take)
    await made.provider.refresh()
    assert (1, 2) == (len(made.sets), len(other))
    await made.provider.stop(other.append)
    assert made.provider._keeping is None


async def test_next_user_of_a_file_has_it_read_again() -> None:
    """Whoever has changed it and reloads need not wait; until it is read, the keys of before serve."""
    made, other = Made(Document(ONE), Document(TWO)), []
    made.source.is_near = True
    await made.provider.start(made._take)
    await made.provider.start(other.append)
    await made.provider.refresh()
    assert (2, 2, made.sets) == (made.source.times, len(made.sets), other)
    for use in (made._take, other.append):
        await made.provider.stop(use)


async def test_a_thousand_askers_cause_one_fetch() -> None:
    """Whoever asks while a fetch is under way waits for that one."""
    made = Made(Document(ONE))
    made.source.gate.clear()
    waiting = [asyncio.ensure_future(made.provider.refresh()) for _ in range(1000)]
    await asyncio.sleep(0)
    made.source.gate.set()
    await asyncio.gather(*waiting)
    assert 1 == made.source.times


async def test_asker_that_leaves_does_not_end_the_fetch() -> None:
    """The client that was the cause may go away."""
    made = Made(Document(ONE))
    made.provider.add(made._take)
    made.source.gate.clear()
    first, second = (asyncio.ensure_future(made.provider.refresh()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    made.source.gate.set()
    await second
    assert 1 == len(made.sets)


async def test_old_keys_stay_while_the_source_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """A failure changes nothing but the time of the next try; when the source is back, its new keys are taken."""
    made = Made(Document(ONE), CallFailed("idp: away"), Document(b"<html>"), Document(TWO))
    made.provider.add(made._take)
    for _ in range(3):
        await made.provider.refresh_if_due()
        made.clock.advance(600)
    assert (1, 2) == (len(made.sets), made.counted("failed"))
    assert "the old ones serve on" in caplog.text
    await made.provider.refresh_if_due()
    assert (2, False) == (len(made.sets), made.provider.is_failing)


async def test_equal_keys_are_given_once() -> None:
    """A fetch that brings what is there already disturbs nobody, in whatever form it comes."""
    made = Made(Document(ONE), Document(ONE.replace(b", ", b",\n")))
    made.provider.add(made._take)
    for _ in range(3):
        await made.provider.refresh()
    assert (1, 3) == (len(made.sets), made.source.times)


async def test_refresh_if_due_is_not_before_its_time() -> None:
    """Keys are fetched again when their time is nearly over, or when the issuer says so."""
    made = Made(Document(ONE), Document(ONE, max_age_s=100.0))
    await made.provider.refresh_if_due()
    made.clock.advance(479)
    await made.provider.refresh_if_due()
    assert 1 == made.source.times
    made.clock.advance(61)
    await made.provider.refresh_if_due()
    made.clock.advance(90)
    await made.provider.refresh_if_due()
    assert 3 == made.source.times


async def test_early_refreshes_are_at_most_two_a_minute() -> None:
    """However many tokens name keys that nobody knows."""
    made = Made(Document(ONE))
    await made.provider.refresh()
    made.source.times = 0
    for _ in range(10_000):
        made.clock.advance(0.006)
        early = made.provider.refresh_early()
        if early is not None:
            await early
    assert 2 == made.source.times


async def test_fault_of_our_own_does_not_end_the_refreshing(caplog: pytest.LogCaptureFixture) -> None:
    """Even an error that nobody has foreseen is followed by another try, and told with its traceback."""
    made = Made(RuntimeError("a bug"), Document(ONE))
    made.provider.add(made._take)
    await made.provider.refresh()
    assert "RuntimeError" in caplog.text
    await made.provider.refresh()
    assert 1 == len(made.sets)


async def test_background_goes_on_by_itself() -> None:
    """Between start and stop keys are fetched when they are due, without any request."""
    made = Made(CallFailed("away"), CallFailed("away"), Document(ONE), schedule=Impatient)
    await made.provider.start(made._take)
    async with asyncio.timeout(5):
        await made.has_keys.wait()
    before = asyncio.all_tasks()
    await made.provider.stop(made._take)
    assert 3 == made.source.times
    assert 1 == len(before - asyncio.all_tasks())


async def test_keys_left_out_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks for a key that is not accepted finds the reason in the log."""
    caplog.set_level(logging.INFO)
    made = Made(Document(key_set(jwk(private_key("RS256"), "one"), jwk(private_key("ES256"), "two"))))
    await made.provider.refresh()
    assert "1 keys from the source; left out: key 1: it fits none of the algorithms" in caplog.text


class Calls:
    def __init__(self, answer: CallAnswer) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    async def call(self, call: Call) -> CallAnswer:
        self.calls.append(call)
        return self.answer


@pytest.mark.parametrize(
    ("control", "max_age_s"),
    [
        (b"max-age=60", 60.0),
        (b"public, MAX-AGE=60, must-revalidate", 60.0),
        (b's-maxage=5,max-age="60"', 60.0),
        (b"no-store", None),
        (b"x-max-age=5", None),
        (b"max-age=-1", None),
        (b"max-age=x", None),
    ],
)
async def test_url_source_reads_max_age(control: bytes, max_age_s: float | None) -> None:
    """Of Cache-Control, max-age is understood; anything else says nothing."""
    calls = Calls(CallAnswer(200, ((b"cache-control", control),), b"{}"))
    assert Document(b"{}", max_age_s) == await UrlSource("http://idp/keys", calls).fetch()
    assert (5.0, LIMIT_BYTES) == (calls.calls[0].timeout_s, calls.calls[0].limit_bytes)


@pytest.mark.parametrize("status", [204, 301, 302, 404, 500])
async def test_url_source_takes_200_only(status: int) -> None:
    """Redirects are not followed, and no other answer is a key set."""
    with pytest.raises(KeyUnusable, match=f"it was answered with {status}"):
        await UrlSource("http://idp/keys?secret=1", Calls(CallAnswer(status))).fetch()


async def test_file_source_reads_a_bounded_file(tmp_path: Path) -> None:
    """A file is read when it is asked for; one that is gone or too long is unusable."""
    path = tmp_path / "keys.json"
    with pytest.raises(KeyUnusable, match="cannot be read: No such file"):
        await FileSource(path).fetch()
    path.write_bytes(ONE)
    assert Document(ONE) == await FileSource(path).fetch()
    path.write_bytes(b"x" * (LIMIT_BYTES + 1))
    with pytest.raises(KeyUnusable, match="over"):
        await FileSource(path).fetch()
