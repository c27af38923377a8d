"""When a stored response answers, and when the service is asked first (RFC 9111 4 and 5.2.1, RFC 5861)."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.cache.origin import CacheSite, reply, status_of, turns
from vizgate.observe.date import imf_fixdate

FRESH = "max-age=60"


async def test_fresh_is_reused_with_its_age_until_it_is_stale():
    """RFC 9111 4: a fresh response, with Age (5.1)."""
    site = CacheSite(reply(cache_control=FRESH, age="10"))
    await site.get()
    site.clock.advance(20)
    hit = await site.get()
    assert ("30", "vizgate; hit; ttl=30") == (hit.headers["Age"], status_of(hit))
    assert 1 == len(hit.headers.get_all("Age"))
    site.clock.advance(30)
    assert "vizgate; fwd=stale; fwd-status=200; stored" == status_of(await site.get())
    assert 2 == site.calls


async def test_wall_clock_that_jumps_ages_nothing():
    """What is stored ages by the monotonic clock."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get()
    site.clock.set_wall(site.clock.wall() + 86_400)
    await site.get()
    assert 1 == site.calls


@pytest.mark.parametrize(
    ("wish", "after_s", "asks"),
    [
        ("no-cache", 0, True),
        ("max-age=10", 9, False),
        ("max-age=10", 11, True),
        ("max-age=0", 1, True),
        ("min-fresh=20", 30, False),
        ("min-fresh=20", 50, True),
        ("max-stale", 9_999, False),
        ("max-stale=10", 69, False),
        ("max-stale=10", 71, True),
        ("max-stale=x", 61, True),
        ("only-if-cached", 30, False),
    ],
)
async def test_wish_of_the_request_is_heard(wish, after_s, asks):
    """RFC 9111 5.2.1, directive by directive; without ``request_directives`` none of them."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get()
    site.clock.advance(after_s)
    await site.get(Cache_Control=wish)
    assert (2 if asks else 1) == site.calls
    deaf = CacheSite(reply(cache_control=FRESH), request_directives=False)
    await deaf.get()
    await deaf.get(Cache_Control=wish)
    assert 1 == deaf.calls


async def test_pragma_counts_without_cache_control():
    """RFC 9111 5.4: ``Pragma: no-cache`` where there is no Cache-Control."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get()
    await site.get(Pragma="no-cache")
    assert 2 == site.calls
    await site.get(Pragma="no-cache", Cache_Control="max-stale")
    assert 2 == site.calls


async def test_only_if_cached_is_504_when_there_is_nothing():
    """RFC 9111 5.2.1.7: a stored response, or 504."""
    site = CacheSite(reply(cache_control=FRESH))
    assert 504 == (await site.get(Cache_Control="only-if-cached")).status
    assert 0 == site.calls


@pytest.mark.parametrize("directive", ["must-revalidate", "proxy-revalidate", "s-maxage=60", "no-cache"])
async def test_stale_is_not_used_against_the_response(directive):
    """RFC 9111 4.2.4: MUST NOT generate a stale response if an explicit directive forbids it, whoever asks for it."""
    allowances = "stale-while-revalidate=99, stale-if-error=99"
    site = CacheSite(reply(cache_control=f"max-age=60, {directive}, {allowances}", etag='"a"'), reply(503, b"no"))
    await site.get()
    site.clock.advance(61)
    assert 503 == (await site.get(Cache_Control="max-stale")).status
    assert 2 == site.calls


async def test_stale_is_not_used_where_nobody_allows_it():
    """RFC 9111 4.2.4: MUST NOT generate a stale response unless it is disconnected or that is permitted."""
    site = CacheSite(reply(cache_control=FRESH), reply(503, b"no"))
    await site.get()
    site.clock.advance(61)
    assert 503 == (await site.get()).status


# RFC 5861


async def test_stale_is_given_while_the_service_is_asked():
    """RFC 5861 3: at once, with one question in the background; after it the new answer."""
    site = CacheSite(
        reply(body=b"old", cache_control="max-age=1, stale-while-revalidate=9"), reply(body=b"new", cache_control=FRESH)
    )
    await site.get()
    site.clock.advance(5)
    site.origin.open.clear()
    stale = [await site.get() for _ in range(5)]
    assert [b"old"] * 5 == [response.body.data for response in stale]
    assert "vizgate; hit; ttl=-4" == status_of(stale[0])
    await turns()
    site.origin.open.set()
    await turns()
    assert b"new" == (await site.get()).body.data
    assert 2 == site.calls == site.origin.ended


async def test_head_in_the_background_asks_for_the_whole():
    """What is stored is an answer to GET, whoever has asked for it."""
    stale = "max-age=1, stale-while-revalidate=9"
    site = CacheSite(reply(cache_control=stale), reply(body=b"new", cache_control=FRESH))
    await site.get()
    site.clock.advance(5)
    await site.send("HEAD")
    await turns()
    assert ["GET", "GET"] == [request.method for request in site.origin.requests]
    assert b"new" == (await site.get()).body.data


async def test_no_store_asks_for_nothing_in_the_background():
    """RFC 9111 5.2.1.5: what is not for this request is not stored for its sake, either."""
    site = CacheSite(reply(cache_control="max-age=1, stale-while-revalidate=9"))
    await site.get()
    site.clock.advance(5)
    await site.get(Cache_Control="no-store")
    await turns()
    assert 1 == site.calls


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_stale_replaces_every_error_while_there_are_any(status):
    """RFC 5861 4: for all who ask, one after the other or at once, also if the error could be stored itself."""
    for error in (reply(status, b"down"), reply(status, b"down", cache_control=FRESH)):
        site = CacheSite(reply(body=b"old", cache_control="max-age=1, stale-if-error=30"), error)
        await site.get()
        site.clock.advance(10)
        answers = [await site.get() for _ in range(3)]
        site.origin.open.clear()
        tasks = [asyncio.ensure_future(site.get()) for _ in range(20)]
        await turns()
        site.origin.open.set()
        answers += await asyncio.gather(*tasks)
        assert {(200, b"old")} == {(answer.status, answer.body.data) for answer in answers}
        # One question after the other, and one for all at once: a service in trouble is not asked more than before.
        assert 1 + 3 + 1 == site.calls == site.origin.ended


@pytest.mark.parametrize("status", [501, 505, 404, 429])
async def test_other_statuses_are_no_errors(status):
    """RFC 5861 4: 500, 502, 503 and 504 are; anything else is an answer."""
    site = CacheSite(reply(cache_control="max-age=1, stale-if-error=30"), reply(status, b"no"))
    await site.get()
    site.clock.advance(10)
    assert status == (await site.get()).status


@pytest.mark.parametrize("settings", [{}, {"stale_if_error": 30}])
async def test_stale_replaces_an_error(settings):
    """RFC 5861 4: within the time that the response, or the configuration, allows."""
    said = "" if settings else ", stale-if-error=30"
    site = CacheSite(reply(body=b"old", cache_control=f"max-age=1{said}"), reply(503, b"down"), **settings)
    await site.get()
    site.clock.advance(10)
    stale = await site.get()
    assert (200, b"old", "11") == (stale.status, stale.body.data, str(int(stale.headers["Age"]) + 1))
    assert "vizgate; fwd=stale; fwd-status=503; detail=stale-if-error" == status_of(stale)
    site.clock.advance(30)
    assert 503 == (await site.get()).status


# validation


async def test_stale_is_validated_and_freshened():
    """RFC 9111 4.3.1 and 4.3.4: with its validators; a 304 replaces its fields, and it is fresh again."""
    modified = imf_fixdate(1_767_000_000)
    site = CacheSite(
        reply(cache_control="max-age=1", etag='"a"', last_modified=modified, x_a="1", x_b="1"),
        reply(304, b"", cache_control=FRESH, etag='"a"', x_a="2", content_type="wrong/type", content_length="0"),
    )
    await site.get()
    site.clock.advance(5)
    fresh = await site.get(If_None_Match='"client"', Range="bytes=0-1", If_Range='"zzz"')
    assert 2 == site.calls
    assert {'"client"'} == set(site.origin.last.get_all("If-None-Match"))
    fresh = await site.get()
    assert ['"a"'] == site.origin.last.get_all("If-None-Match")
    assert [modified] == site.origin.last.get_all("If-Modified-Since")
    assert (200, b"content", "2", "1") == (fresh.status, fresh.body.data, fresh.headers["X-A"], fresh.headers["X-B"])
    assert "Content-Type" not in fresh.headers
    assert "vizgate; fwd=stale; fwd-status=304; stored" == status_of(fresh)
    assert "vizgate; hit; ttl=60" == status_of(await site.get())


async def test_full_answer_to_validation_replaces():
    """RFC 9111 4.3.3: a full response is used, and stored in place of the old one."""
    site = CacheSite(reply(body=b"old", cache_control="max-age=1", etag='"a"'), reply(body=b"new", cache_control=FRESH))
    await site.get()
    site.clock.advance(5)
    assert [b"new"] * 2 == [(await site.get()).body.data for _ in range(2)]
    assert 2 == site.calls


async def test_not_modified_of_another_response_freshens_nothing():
    """RFC 9111 4.3.4: a 304 whose validator is not that of what is stored MUST NOT be used to update it."""
    site = CacheSite(
        reply(body=b"old", cache_control="max-age=1", etag='"a"'),
        reply(304, b"", cache_control=FRESH, etag='"b"'),
        reply(body=b"new", cache_control=FRESH, etag='"b"'),
    )
    await site.get()
    site.clock.advance(5)
    assert b"new" == (await site.get()).body.data
    assert "If-None-Match" not in site.origin.last
    assert 3 == site.calls == site.origin.ended


async def test_not_modified_that_forbids_storing_is_answered_once():
    """A 304 with no-store: who asked gets what is stored with the new fields, and it is stored no more."""
    site = CacheSite(
        reply(cache_control="max-age=1", etag='"a"', x_a="1"), reply(304, b"", cache_control="no-store", etag='"a"')
    )
    await site.get()
    site.clock.advance(5)
    response = await site.get()
    assert (200, b"content", "1", "no-store") == (
        response.status,
        response.body.data,
        response.headers["X-A"],
        response.headers["Cache-Control"],
    )
    assert 0 == site.cache.statistics().responses
    assert 2 == site.origin.ended


async def test_no_cache_is_asked_for_each_time():
    """RFC 9111 5.2.2.4: MUST NOT be used without validation; a 304 is all that it costs."""
    site = CacheSite(reply(cache_control="no-cache", etag='"a"'), reply(304, b"", cache_control="no-cache", etag='"a"'))
    for _ in range(3):
        assert (200, b"content") == ((response := await site.get()).status, response.body.data)
    assert 3 == site.calls
    assert '"a"' == site.origin.last["If-None-Match"]


async def test_head_without_a_validator_freshens_nothing():
    """It may be about another response than the one that is stored."""
    site = CacheSite(reply(cache_control="max-age=9"), reply(200, b"", cache_control=FRESH), reply(cache_control=FRESH))
    await site.get()
    site.clock.advance(5)
    await site.send("HEAD", Cache_Control="no-cache")
    site.clock.advance(5)
    await site.get()
    assert 3 == site.calls


async def test_head_freshens_or_outdates_what_is_stored():
    """RFC 9111 4.3.5: the same validators and length freshen, others make it stale."""
    for etag, length, asks in (('"a"', "7", False), ('"b"', "7", True), ('"a"', "8", True)):
        head = reply(200, b"", cache_control=FRESH, etag=etag, content_length=length)
        site = CacheSite(reply(cache_control="max-age=9", etag='"a"'), head, reply(cache_control=FRESH))
        await site.get()
        site.clock.advance(5)
        await site.send("HEAD", Cache_Control="no-cache")
        await site.get()
        assert (3 if asks else 2) == site.calls
