"""What is stored, and for whom (RFC 9111 3)."""

from __future__ import annotations

import pytest

from tests.unit.cache.origin import CacheSite, chunks, reply, status_of, streaming
from vizgate.message.identity import Identity
from vizgate.pipeline.replies import problem

FRESH = "max-age=60"


async def is_reused(site: CacheSite, **more) -> bool:
    """Whether the second of two requests is answered without the service."""
    await site.get(**more)
    before = site.calls
    await site.get(**more)
    return site.calls == before


@pytest.mark.parametrize(
    ("cache_control", "expected"),
    [
        ("max-age=60", True),
        ("s-maxage=60", True),
        ("max-age=0, s-maxage=60", True),
        ("max-age=60, s-maxage=0", False),
        ("public, max-age=60", True),
        ("no-store, max-age=60", False),
        ("No-Store, max-age=60", False),
        ("private, max-age=60", False),
        ("private, s-maxage=60", False),
        ("no-cache, max-age=60", False),
        ('private="x-a", max-age=60', True),
        ('no-cache="x-a", max-age=60', True),
        ("must-understand, no-store, max-age=60", True),
        ("public", False),
        ("", False),
    ],
)
async def test_directives_of_the_response_decide(cache_control, expected):
    """RFC 9111 3: no-store and private are not stored, no-cache is not reused unasked, s-maxage goes before max-age."""
    assert expected == await is_reused(CacheSite(reply(cache_control=cache_control)))


@pytest.mark.parametrize(
    "status", [200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 451, 500, 501, 503, 599]
)
async def test_final_status_with_a_lifetime_is_stored(status):
    """RFC 9111 3: any final status, where the response tells how long it is fresh."""
    assert await is_reused(CacheSite(reply(status, cache_control=FRESH)))


@pytest.mark.parametrize("status", [206, 304])
async def test_parts_and_304_are_never_stored(status):
    """RFC 9111 3.3: a cache that does not put parts together MUST NOT store them; 304 is no response of its own."""
    assert not await is_reused(CacheSite(reply(status, b"", cache_control=FRESH)))


async def test_must_understand_of_an_unknown_status_is_not_stored():
    """RFC 9111 5.2.2.3: must-understand limits caching to statuses that the cache understands."""
    assert not await is_reused(CacheSite(reply(299, cache_control="must-understand, max-age=60")))
    assert await is_reused(CacheSite(reply(299, cache_control="max-age=60")))


AUTHORIZED = [
    ("max-age=60", False),
    ("private, max-age=60", False),
    ("public, max-age=60", True),
    ("s-maxage=60", True),
    ("must-revalidate, max-age=60", True),
]


@pytest.mark.parametrize(("cache_control", "expected"), AUTHORIZED)
async def test_authorized_response_is_stored_only_if_it_says_so(cache_control, expected):
    """RFC 9111 3.5: "A shared cache MUST NOT use a cached response to a request with an Authorization header field
    [...] unless [...] allowed".
    """
    assert expected == await is_reused(CacheSite(reply(cache_control=cache_control)), Authorization="Bearer a")


@pytest.mark.parametrize(("cache_control", "expected"), AUTHORIZED)
async def test_verified_identity_counts_as_authorization(cache_control, expected):
    """Whoever was let in by a key or a certificate is known as well as by Authorization."""
    site = CacheSite(reply(cache_control=cache_control))
    assert expected == await is_reused(site, identity=Identity("acme"))


async def test_answer_to_one_user_never_reaches_another():
    """What one asked with credentials is not what the next one gets, with others or without."""
    site = CacheSite(reply(body=b"acme", cache_control=FRESH), reply(body=b"beta", cache_control=FRESH), ttl=60)
    bodies = [(await site.get(identity=Identity("acme"))).body.data, (await site.get(Authorization="b")).body.data]
    assert [b"acme", b"beta"] == bodies
    assert 2 == site.calls
    await site.get()
    assert 3 == site.calls


@pytest.mark.parametrize(
    ("cache_control", "expected"),
    [
        ("max-age=60", False),
        ("public, max-age=60", True),
        ("s-maxage=60", True),
        ('no-cache="Set-Cookie", max-age=9', True),
    ],
)
async def test_cookie_is_stored_only_if_the_response_says_so(cache_control, expected):
    """A cookie made for one client does not reach another unless the service has thought of caches."""
    assert expected == await is_reused(CacheSite(reply(cache_control=cache_control, set_cookie="a=1")))


async def test_fields_named_by_private_and_no_cache_are_not_stored():
    """RFC 9111 5.2.2.4 and 5.2.2.7: named fields are for the first one alone."""
    site = CacheSite(reply(cache_control='private="x-a", no-cache="set-cookie", max-age=9', x_a="1", set_cookie="b=2"))
    first, second = await site.get(), await site.get()
    assert 1 == site.calls
    assert "X-A" not in second.headers
    assert "Set-Cookie" not in second.headers
    assert 200 == first.status


async def test_no_store_of_the_request_is_heard():
    """RFC 9111 5.2.1.5: no-store of a request: its answer MUST NOT be stored."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get(Cache_Control="no-store")
    await site.get()
    assert 2 == site.calls


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "FOO"])
async def test_only_get_is_stored(method):
    """RFC 9111 3: the method has to be one that the cache understands; here GET, which HEAD may use."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.send(method)
    await site.send(method)
    assert 2 == site.calls
    assert "vizgate; fwd=method" == status_of(await site.send(method))


async def test_head_is_answered_by_a_stored_get():
    """RFC 9111 4: a stored answer to GET serves HEAD; one to HEAD serves nobody."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.send("HEAD")
    await site.get()
    assert 2 == site.calls
    assert 200 == (await site.send("HEAD")).status
    assert 2 == site.calls


async def test_request_with_a_body_or_an_upgrade_goes_past():
    """What is more than a question for a resource is the service's business."""
    site = CacheSite(reply(cache_control=FRESH))
    request = site.request("GET", "/a")
    request.upgrade = b"websocket"
    assert "vizgate; fwd=bypass" == status_of(await site.middleware(request, site.origin))
    await site.get()
    assert 2 == site.calls


# ttl: where the response says nothing


@pytest.mark.parametrize("status", [200, 203, 204, 300, 301, 308, 404, 410])
async def test_ttl_counts_where_nothing_is_said(status):
    """RFC 9111 4.2.2: a lifetime of the cache's own, for statuses that are defined as heuristically cacheable."""
    site = CacheSite(reply(status), ttl=30)
    assert await is_reused(site)
    site.clock.advance(30)
    await site.get()
    assert 2 == site.calls


@pytest.mark.parametrize("status", [405, 414, 501])
async def test_ttl_does_not_count_for_what_a_client_can_bring_about(status):
    """``X-HTTP-Method-Override: PUT`` must not make an error everybody's; where a service says so, it does."""
    assert not await is_reused(CacheSite(reply(status), ttl=30))
    assert await is_reused(CacheSite(reply(status, cache_control="max-age=30")))


@pytest.mark.parametrize("status", [302, 307, 400, 401, 403, 500, 502, 503])
async def test_ttl_does_not_count_for_other_statuses(status):
    """RFC 9111 4.2.2: not where the status is not heuristically cacheable."""
    assert not await is_reused(CacheSite(reply(status), ttl=30))


@pytest.mark.parametrize("cache_control", ["no-store", "private", "no-cache", "max-age=0", "s-maxage=0"])
async def test_ttl_never_goes_against_the_response(cache_control):
    """What the response says counts, whatever the configuration."""
    assert not await is_reused(CacheSite(reply(cache_control=cache_control), ttl=30))
    assert not await is_reused(CacheSite(reply(expires="0"), ttl=30))


async def test_ttl_is_not_for_requests_with_cookies_or_credentials():
    """A page that says nothing may be somebody's own: it is neither stored nor taken from what is."""
    for fields in ({"Cookie": "a=1"}, {"Authorization": "Basic x"}, {"identity": Identity("acme")}):
        site = CacheSite(reply(), ttl=30)
        assert not await is_reused(site, **fields)
        await site.get()
        await site.get(**fields)
        assert 4 == site.calls


async def test_failure_of_the_gateway_is_not_stored():
    """A problem document of the gateway's own is about one request."""
    assert not await is_reused(CacheSite(lambda request: problem(404, "", request.id), ttl=30))


# sizes and endings


async def test_longer_than_max_object_is_passed_on():
    """A body over ``max_object`` reaches the client whole, and is not stored: told its length, or not."""
    for answer in (
        reply(body=b"x" * 1001, cache_control=FRESH),
        streaming(lambda: chunks(b"x" * 600, b"x" * 401), 1001, cache_control=FRESH),
        streaming(lambda: chunks(b"x" * 600, b"x" * 401), None, cache_control=FRESH),
    ):
        site = CacheSite(answer, max_object=1000)
        for _ in range(2):
            assert 1001 == len((await site.get()).body.data)
        assert 2 == site.calls == site.origin.ended
        assert 0 == site.cache.statistics().responses


async def test_broken_body_is_not_stored():
    """RFC 9111 3.3: an incomplete response MUST NOT be stored as if it were complete."""
    from vizgate.errors import UpstreamReset

    site = CacheSite(streaming(lambda: chunks(b"half", error=UpstreamReset("gone")), 8, cache_control=FRESH), reply())
    with pytest.raises(UpstreamReset):
        await site.get()
    assert b"content" == (await site.get()).body.data
    assert 2 == site.calls == site.origin.ended


async def test_streamed_body_is_stored_whole():
    """What arrives in pieces is stored when its end has come."""
    site = CacheSite(streaming(lambda: chunks(b"one", b"two"), None, cache_control=FRESH))
    assert [b"onetwo"] * 2 == [(await site.get()).body.data for _ in range(2)]
    assert 1 == site.calls == site.origin.ended
