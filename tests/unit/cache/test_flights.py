"""Many who ask for the same at once."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from tests.unit.cache.origin import CacheSite, chunks, reply, status_of, streaming, turns
from vizgate.cache.flight import fetch as fetch_module
from vizgate.cache.flight import flight as flight_module
from vizgate.cache.flight.flight import FlightKey
from vizgate.cache.flight.flights import Flights, Mark
from vizgate.cache.storage.key import ResourceKey
from vizgate.errors import ConnectFailed, ResponseTimedOut, UpstreamReset
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

FRESH = "max-age=60"
MANY = 1000


async def at_once(site: CacheSite, count: int = MANY, **more) -> list:
    """The answers to *count* requests that are all there before the first is answered."""
    site.origin.open.clear()
    tasks = [asyncio.ensure_future(site.get(**more)) for _ in range(count)]
    await turns()
    site.origin.open.set()
    return await asyncio.gather(*tasks)


async def test_thousand_misses_are_one_question():
    """All but the first wait, and are told so."""
    site = CacheSite(reply(cache_control=FRESH))
    answers = await at_once(site)
    assert 1 == site.calls == site.origin.ended
    assert [b"content"] * MANY == [answer.body.data for answer in answers]
    assert MANY - 1 == sum("collapsed" in status_of(answer) for answer in answers)


async def test_thousand_readers_share_a_body_that_arrives():
    """A body of known length goes to everybody while it is coming."""
    gate = asyncio.Event()
    site = CacheSite(streaming(lambda: chunks(b"con", gate=gate), 6, cache_control=FRESH))
    tasks = [asyncio.ensure_future(site.get()) for _ in range(MANY)]
    await turns()
    gate.set()
    assert [b"conend"] * MANY == [answer.body.data for answer in await asyncio.gather(*tasks)]
    assert 1 == site.calls == site.origin.ended


async def test_thousand_stale_are_one_validation():
    """A stale response is asked for once, too."""
    site = CacheSite(reply(cache_control="max-age=1", etag='"a"'), reply(304, b"", cache_control=FRESH))
    await site.get()
    site.clock.advance(5)
    answers = await at_once(site)
    assert 2 == site.calls
    assert {200} == {answer.status for answer in answers}


async def test_what_turns_out_uncacheable_releases_all_at_once():
    """Those who waited go to the service together, not one after the other, and the next ones do not wait at all."""
    site = CacheSite(reply(cache_control="no-store"))
    most = 0
    inside = 0
    answer = site.origin.answers[0]

    async def counting(request):
        nonlocal most, inside
        inside += 1
        most = max(most, inside)
        await turns(3)
        inside -= 1
        return answer(request)

    tasks = [asyncio.ensure_future(site.middleware(site.request("GET", "/a"), counting)) for _ in range(100)]
    await asyncio.gather(*tasks)
    assert 99 == most


async def test_uncacheable_is_remembered_for_a_while():
    """The next requests go straight on, with their own conditions; later the cache tries again."""
    site = CacheSite(reply(cache_control="no-store"))
    await site.get()
    await site.get(If_None_Match='"x"')
    assert '"x"' == site.origin.last["If-None-Match"]
    site.clock.advance(11)
    await site.get(If_None_Match='"x"')
    assert "If-None-Match" not in site.origin.last


async def test_answer_that_must_be_asked_for_each_time_is_not_shared():
    """RFC 9111 4: collapsed only where the response may be used without asking again; and all go on at once."""
    site = CacheSite(reply(cache_control="max-age=0", etag='"a"'))
    await at_once(site, 50)
    assert 50 == site.calls == site.origin.ended


async def test_answer_that_another_field_chose_is_not_shared():
    """Those whose fields differ from the first one's ask for themselves, once for each value."""
    site = CacheSite(reply(cache_control=FRESH, vary="X-A"))
    site.origin.open.clear()
    tasks = [asyncio.ensure_future(site.get(X_A=str(number % 3))) for number in range(90)]
    await turns()
    site.origin.open.set()
    await asyncio.gather(*tasks)
    assert 3 == site.calls


async def test_credentials_do_not_share_with_others():
    """Requests with credentials have a flight of their own, and share it only if the response is for all."""
    site = CacheSite(reply(cache_control="public, max-age=60"))
    await at_once(site, 50, Authorization="a")
    assert 1 == site.calls
    site = CacheSite(reply(cache_control=FRESH))
    await at_once(site, 50, Authorization="a")
    assert 50 == site.calls


async def test_failure_is_told_to_all():
    """A service that is down is not tried by each of those who wait; each is answered under its own id."""

    def fail(request):
        raise ConnectFailed("refused")

    site = CacheSite(fail)
    answers = await at_once(site)
    assert {502} == {answer.status for answer in answers}
    assert 1 == site.calls == site.origin.ended


async def test_body_that_breaks_off_breaks_all_readers_and_is_not_stored():
    """Nobody is given half a body as the whole."""
    site = CacheSite(streaming(lambda: chunks(b"half", error=UpstreamReset("gone")), 9, cache_control=FRESH))
    site.origin.open.clear()
    tasks = [asyncio.ensure_future(site.get()) for _ in range(10)]
    await turns()
    site.origin.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {UpstreamReset} == {type(result) for result in results}
    assert 0 == site.cache.statistics().responses


async def test_body_that_turns_out_too_long_is_the_first_ones_alone():
    """Whoever waited asks for himself; nobody gets a part of another one's body."""
    answer = streaming(lambda: chunks(b"x" * 600, b"y" * 401), None, cache_control=FRESH)
    site = CacheSite(answer, max_object=1000)
    answers = await at_once(site, 50)
    assert {b"x" * 600 + b"y" * 401} == {answer.body.data for answer in answers}
    assert 50 == site.calls == site.origin.ended


async def test_broken_body_of_unknown_length_is_asked_for_again_by_those_who_waited():
    """They have been told nothing yet, so they need not fail."""
    site = CacheSite(
        streaming(lambda: chunks(b"half", error=UpstreamReset("gone")), None, cache_control=FRESH),
        reply(cache_control=FRESH),
    )
    site.origin.open.clear()
    tasks = [asyncio.ensure_future(site.get()) for _ in range(20)]
    await turns()
    site.origin.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert 1 == sum(isinstance(result, UpstreamReset) for result in results)
    assert 2 == site.calls == site.origin.ended


# clients that leave


def get(site: CacheSite) -> asyncio.Task:
    return asyncio.ensure_future(site.get())


async def cancel(*tasks: asyncio.Task) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_first_that_leaves_takes_nothing_from_the_others():
    """The question goes on as long as anybody waits for the answer."""
    site = CacheSite(reply(cache_control=FRESH))
    site.origin.open.clear()
    first, second = get(site), get(site)
    await turns()
    await cancel(first)
    site.origin.open.set()
    assert b"content" == (await second).body.data
    assert 1 == site.calls


async def test_last_that_leaves_breaks_the_question_off():
    """Nobody waits and nothing has come: the service is let go of at once."""
    site = CacheSite(reply(cache_control=FRESH))
    site.origin.open.clear()
    tasks = [get(site), get(site)]
    await turns()
    await cancel(*tasks)
    await turns()
    assert 1 == site.origin.ended
    site.origin.open.set()
    assert b"content" == (await site.get()).body.data


async def test_body_goes_on_for_a_while_when_all_have_left(monkeypatch):
    """What has begun to come is stored, unless it takes too long."""
    for alone_s, stored in ((10.0, 1), (0.0, 0)):
        monkeypatch.setattr(flight_module, "ALONE_S", alone_s)
        gate = asyncio.Event()
        site = CacheSite(streaming(lambda gate=gate: chunks(b"con", gate=gate), 6, cache_control=FRESH))
        task = get(site)
        await turns()
        await cancel(task)
        await asyncio.sleep(0.01)
        gate.set()
        await turns()
        assert stored == site.cache.statistics().responses
        assert 1 == site.origin.ended


async def test_too_long_body_whose_reader_has_left_is_let_go_of():
    """Nothing is read on from the service for nobody."""
    gate = asyncio.Event()
    site = CacheSite(streaming(lambda: chunks(b"x" * 99, gate=gate), None, cache_control=FRESH), max_object=100)
    task = get(site)
    await turns()
    await cancel(task)
    gate.set()
    await turns()
    assert 1 == site.origin.ended
    assert 0 == site.cache.statistics().responses


async def test_time_of_a_request_bounds_its_waiting():
    """Whoever waits for another one's answer is told 504 when his own time is over."""
    site = CacheSite(reply(cache_control=FRESH))
    site.origin.open.clear()
    first = get(site)
    await turns()
    request = site.request("GET", "/a")
    request.deadline_s = site.clock.monotonic() + 0.01
    with pytest.raises(ResponseTimedOut):
        await site.middleware(request, site.origin)
    await cancel(first)


async def test_change_on_the_way_keeps_what_was_asked_before_out():
    """RFC 9111 4.4: an answer that was on its way during a change may be older than it: it is not stored."""
    site = CacheSite(reply(body=b"old", cache_control=FRESH), reply(body=b"new", cache_control=FRESH))
    site.origin.open.clear()
    before = get(site)
    await turns()
    site.cache.purge("http://example.com/a")
    after = get(site)
    await turns()
    site.origin.open.set()
    assert [b"old", b"new"] == [(await before).body.data, (await after).body.data]
    assert b"new" == (await site.get()).body.data
    assert 2 == site.calls


async def test_what_is_purged_is_not_brought_back_by_who_waited():
    """One waits for another's answer with what was stored in hand; it is purged; a 304 then is about nothing."""

    def answer(request: Request) -> Response:
        if "If-None-Match" in request.headers and len(site.origin.requests) > 2:
            return reply(304, b"", cache_control=FRESH)(request)
        return reply(body=b"new", cache_control=FRESH, vary="X-A")(request)

    site = CacheSite(reply(cache_control="max-age=1", etag='"a"'), answer)
    await site.get()
    site.clock.advance(5)
    site.origin.open.clear()
    tasks = [asyncio.ensure_future(site.get(X_A=value)) for value in ("1", "2")]
    await turns()
    assert 2 == site.calls
    site.cache.purge("http://example.com/a")
    site.origin.open.set()
    assert [b"new", b"new"] == [(await task).body.data for task in tasks]
    assert 3 == site.calls


@pytest.mark.parametrize("length", [40_000, None])
async def test_arriving_bodies_are_part_of_the_budget(length: int | None):
    """Bodies on their way hold memory, too: beyond the budget they are passed on, and not stored. What is stored makes
    room for them, so that all of it together is never more.
    """
    gate = asyncio.Event()
    site = CacheSite(reply(body=b"x" * 30_000, cache_control=FRESH), size=100_000, max_object=40_000)
    for path in ("/x", "/y", "/z"):
        await site.get(path)
    site.origin.answers = [streaming(lambda: chunks(b"c" * 39_997, gate=gate), length, cache_control=FRESH)]
    tasks = [asyncio.ensure_future(site.get(f"/{number}")) for number in range(5)]
    await turns()
    reserved = site.cache.storage.reserved_bytes
    assert (80_000 if length else 79_994) == reserved
    assert site.cache.statistics().bytes_held + reserved <= 100_000
    gate.set()
    assert [b"c" * 39_997 + b"end"] * 5 == [answer.body.data for answer in await asyncio.gather(*tasks)]
    assert {f"/{number}" for number in range(2)} == {item.address.target for item in site.cache.storage._used}
    assert 0 == site.cache.storage.reserved_bytes


async def test_what_must_not_be_shared_is_tried_by_one_now_and_then():
    """Whether that has changed one finds out; the others do not wait for him, however long he takes."""
    site = CacheSite(reply(cache_control="no-store"))
    await site.get()
    for calls in (4, 7):
        site.clock.advance(fetch_module.MARK_S)
        site.origin.open.clear()
        tasks = [get(site) for _ in range(3)]
        await turns()
        assert calls == site.calls
        site.origin.open.set()
        await asyncio.gather(*tasks)
    site.origin.answers = [reply(cache_control=FRESH)]
    site.clock.advance(fetch_module.MARK_S)
    assert "stored" in status_of(await site.get())
    assert "hit" in status_of(await site.get())


def test_keys_that_are_remembered_take_no_room():
    """Their text comes from clients, and is not part of any budget."""
    flights = Flights()
    tracemalloc.start()
    for number in range(200):
        target = b"/" + b"x" * 50_000 + b"%d" % number
        flights.mark(FlightKey(ResourceKey("r", "http", "a", target), (), False), Mark.PASS, 0.0, 10.0)
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held_bytes < 200_000


async def test_body_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    """Whether it can be shared only its end will tell: who waits for longer than a while goes alone, and the next ones
    do at once. It is stored if it does end.
    """
    monkeypatch.setattr(fetch_module, "LATE_S", 0.0)
    gate = asyncio.Event()
    site = CacheSite(streaming(lambda: chunks(b"con", gate=gate), cache_control=FRESH), reply(cache_control=FRESH))
    first = get(site)
    await turns(3)
    assert [b"content"] * 3 == [(await get(site)).body.data for _ in range(3)]
    assert 4 == site.calls
    gate.set()
    assert b"conend" == (await first).body.data
    assert b"conend" == (await site.get()).body.data
    assert 4 == site.calls


@pytest.mark.parametrize("kind", ["text/event-stream", "Text/Event-Stream; charset=utf-8", "multipart/x-mixed-replace"])
async def test_events_are_nobody_elses(kind: str):
    """A stream of events has no end to wait for, whatever it says about caches."""
    gate = asyncio.Event()
    answer = streaming(lambda: chunks(b"data", gate=gate), content_type=kind, cache_control=FRESH)
    site = CacheSite(answer, reply(body=b"other"))
    first = get(site)
    await turns()
    assert b"other" == (await get(site)).body.data
    gate.set()
    assert "stored" not in status_of(await first)


async def test_what_is_being_read_is_held_until_it_was():
    """A body that others push out, or that is purged, takes up memory as long as a slow client reads it, and counts: a
    thousand of them do not hold a thousand bodies, because nothing more is stored then.
    """
    site = CacheSite(reply(body=b"x" * 200_000, cache_control=FRESH), size=1_000_000, max_object=300_000)
    readers = []
    for number in range(10):
        await site.get(f"/{number}")
        answer = await site.middleware(site.request("GET", f"/{number}"), site.origin)
        readers.append(aiter(answer.body))
        await anext(readers[-1])
    held = site.cache.statistics().bytes_held + site.cache.storage.reserved_bytes
    assert 800_000 < held <= 1_000_000
    assert 4 == site.cache.statistics().responses
    site.cache.purge("http://example.com/0")
    site.cache.purge("http://example.com/1")
    assert held == site.cache.statistics().bytes_held + site.cache.storage.reserved_bytes
    await site.get("/more")
    assert 2 == site.cache.statistics().responses
    for reader in readers:
        await reader.aclose()
    assert 0 == site.cache.storage.reserved_bytes
    assert "stored" in status_of(await site.get("/more"))


async def test_slow_reader_of_what_is_being_stored_holds_it_once():
    """It reads on in the very bytes that are stored, to their end, whatever becomes of them there."""
    gate = asyncio.Event()
    site = CacheSite(streaming(lambda: chunks(b"c" * 300_000, gate=gate), 300_003, cache_control=FRESH))
    answer = await site.middleware(site.request("GET", "/a"), site.origin)
    reader = aiter(answer.body)
    read = await anext(reader)
    gate.set()
    await turns()
    (stored,) = site.cache.storage._used
    assert 1 == stored.readers
    site.cache.purge("http://example.com/a")
    assert stored.size_bytes == site.cache.storage.reserved_bytes
    async for piece in reader:
        read += piece
    assert b"c" * 300_000 + b"end" == read
    assert (0, 0) == (stored.readers, site.cache.storage.reserved_bytes)


@pytest.mark.parametrize("is_read", [True, False])
async def test_long_body_is_held_until_its_reader_is_beyond_it(is_read: bool):
    """What has come before it turned out to be too long counts as long as it is there, and no longer."""
    gate = asyncio.Event()
    answer = streaming(lambda: chunks(*[b"c" * 10_000] * 12, gate=gate), cache_control=FRESH)
    site = CacheSite(answer, size=200_000, max_object=100_000)
    request = site.request("GET", "/a")
    response = await site.middleware(request, site.origin)
    await turns()
    assert 100_000 == site.cache.storage.reserved_bytes
    if is_read:
        reader = aiter(response.body)
        read = [await anext(reader) for _ in range(12)]
        assert b"c" * 10_000 == read[-1]
        assert 0 == site.cache.storage.reserved_bytes
        await reader.aclose()
        del reader
    for callback in request.take_callbacks():
        callback()
    del response, request
    await turns()
    assert 0 == site.cache.storage.reserved_bytes


async def test_bodies_that_hardly_come_keep_nobody_out():
    """Of one that does not tell its length only what has come is held: many of them, slow, do not fill the cache."""
    gate = asyncio.Event()
    site = CacheSite(
        streaming(lambda: chunks(b"c", gate=gate), None, cache_control=FRESH), size=100_000, max_object=40_000
    )
    tasks = [asyncio.ensure_future(site.get(f"/{number}")) for number in range(200)]
    await turns()
    assert 200 == site.cache.storage.reserved_bytes
    site.origin.answers = [streaming(lambda: chunks(b"quick"), 5, cache_control=FRESH)]
    await site.get("/quick")
    assert "hit" in status_of(await site.get("/quick"))
    gate.set()
    await asyncio.gather(*tasks)


async def test_stop_ends_what_is_under_way():
    """No task outlives the gateway."""
    site = CacheSite(reply(cache_control="max-age=1, stale-while-revalidate=99"))
    await site.get()
    site.clock.advance(5)
    site.origin.open.clear()
    await site.get()
    await turns()
    assert 2 == site.calls
    await site.middleware.stop()
    assert 2 == site.origin.ended
    assert [asyncio.current_task()] == [*asyncio.all_tasks()]


async def test_bug_further_in_reaches_the_one_who_asked():
    """What is no answer is raised, as without a cache."""

    async def broken(request):
        raise RuntimeError("a bug")

    site = CacheSite(reply())
    with pytest.raises(RuntimeError, match="a bug"):
        await site.middleware(site.request("GET", "/a"), broken)
