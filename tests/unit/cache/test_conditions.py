"""What clients have already, and parts of what they want (RFC 9111 4.3.2, RFC 9110 13 and 14)."""

from __future__ import annotations

import pytest

from tests.unit.cache.origin import CacheSite, reply
from vizgate.observe.date import imf_fixdate

FRESH = "max-age=60"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If_None_Match": '"a"'}, 304),
        ({"If_None_Match": 'W/"a"'}, 304),
        ({"If_None_Match": '"b", "a"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"b"'}, 200),
        ({"If_Modified_Since": imf_fixdate(1_767_000_000)}, 304),
        ({"If_Modified_Since": imf_fixdate(1_766_999_999)}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"b"', "If_Modified_Since": imf_fixdate(1_767_000_000)}, 200),
    ],
)
async def test_condition_of_the_client_is_judged_by_what_is_stored(fields, status):
    """RFC 9111 4.3.2: on a hit, and on the miss that fills the cache: the service is asked for the whole."""
    site = CacheSite(
        reply(cache_control=FRESH, etag='"a"', last_modified=imf_fixdate(1_767_000_000), content_type="a/b")
    )
    for _ in range(2):
        response = await site.get(**fields)
        assert status == response.status
        assert (b"" if status == 304 else b"content") == response.body.data
        assert ('"a"', FRESH) == (response.headers["Etag"], response.headers["Cache-Control"])
        assert (status == 200) == ("Content-Type" in response.headers)
    assert 1 == site.calls
    assert not {"If-None-Match", "If-Modified-Since"} & {*site.origin.last}


async def test_condition_is_judged_by_an_answer_that_is_not_stored():
    """The service was asked for the whole; a client that has it already is told so."""
    site = CacheSite(reply(cache_control="no-store", etag='"a"'))
    assert 304 == (await site.get(If_None_Match='"a"')).status
    assert 1 == site.origin.ended


async def test_preconditions_of_changes_go_to_the_service():
    """RFC 9111 4.3.2: If-Match and If-Unmodified-Since are not for a cache."""
    site = CacheSite(reply(cache_control=FRESH, etag='"a"'))
    await site.get()
    await site.get(If_Match='"a"')
    await site.get(If_Unmodified_Since=imf_fixdate(1))
    assert 3 == site.calls
    assert "If-Unmodified-Since" in site.origin.last


@pytest.mark.parametrize(
    ("wanted", "status", "data", "span"),
    [
        ("bytes=0-2", 206, b"con", "bytes 0-2/7"),
        ("bytes=5-", 206, b"nt", "bytes 5-6/7"),
        ("bytes=-3", 206, b"ent", "bytes 4-6/7"),
        ("bytes=-99", 206, b"content", "bytes 0-6/7"),
        ("bytes=2-99", 206, b"ntent", "bytes 2-6/7"),
        ("bytes=7-", 416, b"", "bytes */7"),
        ("bytes=-0", 416, b"", "bytes */7"),
        ("bytes=3-2", 200, b"content", None),
        ("bytes=0-1,3-4", 200, b"content", None),
        ("lines=0-1", 200, b"content", None),
        ("bytes=a-b", 200, b"content", None),
    ],
)
async def test_range_is_served_from_the_whole(wanted, status, data, span):
    """RFC 9110 14: one range of what is stored whole; what cannot be read is ignored."""
    site = CacheSite(reply(cache_control=FRESH, etag='"a"'))
    await site.get()
    response = await site.get(Range=wanted)
    assert (status, data, span) == (response.status, response.body.data, response.headers.get("Content-Range"))
    assert 1 == site.calls


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"a"', 206),
        ('W/"a"', 200),
        ('"b"', 200),
        (imf_fixdate(1_767_000_000), 206),
        (imf_fixdate(1_767_000_001), 200),
        ("x", 200),
    ],
)
async def test_if_range_must_name_what_is_stored(condition, status):
    """RFC 9110 13.1.5: the strong comparison, or the very date; else the whole."""
    site = CacheSite(reply(cache_control=FRESH, etag='"a"', last_modified=imf_fixdate(1_767_000_000)))
    await site.get()
    assert status == (await site.get(Range="bytes=0-1", If_Range=condition)).status


async def test_range_of_what_is_not_stored_goes_to_the_service():
    """The client's range is passed on, and its 206 is not stored."""
    site = CacheSite(reply(206, b"co", cache_control=FRESH, content_range="bytes 0-1/7"))
    assert 206 == (await site.get(Range="bytes=0-1")).status
    assert "bytes=0-1" == site.origin.last["Range"]
    assert 0 == site.cache.statistics().responses
