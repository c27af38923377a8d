"""Which requests a stored response is for (RFC 9111 4 and 4.1)."""

from __future__ import annotations

import pytest

from tests.unit.cache.origin import CacheSite, reply, status_of
from vizgate.cache.rules.storable import MAX_VARY_NAMES
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

FRESH = "max-age=60"


async def test_other_host_scheme_target_and_route_are_others():
    """RFC 9111 4: the presented target URI and that of the stored response match; nothing leaks between hosts."""
    site = CacheSite(reply(cache_control=FRESH))
    await site.get("/a")
    for more in (
        {"target": "/b"},
        {"target": "/a?x=1"},
        {"host": "other.example"},
        {"scheme": "https"},
        {"host": "example.com:81"},
    ):
        before = site.calls
        await site.get(**{"target": "/a", **more})
        assert before + 1 == site.calls
    await site.get("/a", route=site.route("second"))
    assert 7 == site.calls


async def test_case_of_a_host_does_not_matter():
    """It says nothing (RFC 9110 4.2.3)."""
    site = CacheSite(reply(cache_control=FRESH))
    for host in ("example.com", "EXAMPLE.com"):
        await site.get(host=host)
    assert 1 == site.calls


async def test_port_that_says_nothing_is_kept_apart_all_the_same():
    """Services repeat it: a redirect to https://example.com:80 must not be everybody's. All are purged together."""

    def redirect(request: Request) -> Response:
        return reply(301, location=f"https://{request.authority}/", cache_control=FRESH)(request)

    site = CacheSite(redirect)
    for host in ("example.com:80", "example.com:080", "example.com:", "example.com"):
        await site.get(host=host)
    assert "https://example.com/" == (await site.get()).headers["Location"]
    assert 4 == site.calls
    assert 4 == site.cache.purge("http://example.com/a")


@pytest.mark.parametrize(
    "fields",
    [
        {"X_Forwarded_Host": "b.example"},
        {"X_Forwarded_Prefix": "/b"},
        {"X_Original_URL": "/admin"},
        {"Forwarded": "for=10.0.0.1; host=b.example"},
    ],
    ids=str,
)
async def test_address_that_a_trusted_proxy_tells_is_part_of_the_key(fields: dict[str, str]):
    """Services make links of it, and tell tenants apart by it; nobody is given what was made for another address."""
    site = CacheSite(reply(body=b"of b", cache_control=FRESH), reply(body=b"own", cache_control=FRESH))
    answers = [await site.get(**fields), await site.get(), await site.get(**fields)]
    assert [b"of b", b"own", b"of b"] == [answer.body.data for answer in answers]
    assert 2 == site.cache.purge("http://example.com/a")


async def test_way_that_a_request_took_is_no_part_of_the_key():
    """Who has asked, and the host that was asked for anyway, say nothing new about the address."""
    site = CacheSite(reply(cache_control=FRESH))
    for client in ("10.0.0.1", "10.0.0.2"):
        await site.get(X_Forwarded_For=client, X_Forwarded_Host="example.com")
        await site.get(Forwarded=f"for={client}", X_Forwarded_Host="example.com")
    assert 2 == site.calls


async def test_spelling_of_a_path_is_the_services_business():
    """Services do tell ``/a//b`` from ``/a/b``: one must not fill the place of the other."""
    site = CacheSite(reply(cache_control=FRESH))
    for target in ("/a/b", "/a//b", "/a/%62", "/a/./b"):
        await site.get(target)
    assert 4 == site.calls
    assert 4 == site.cache.purge("http://example.com/a/b")


# Vary


async def test_vary_chooses_among_responses():
    """RFC 9111 4.1: MUST NOT use a response whose selecting fields differ, absent ones included."""
    site = CacheSite(reply(cache_control=FRESH, vary="X-A"))
    for value in ("1", "2", "1"):
        await site.get(X_A=value)
    assert 2 == site.calls
    await site.get()
    assert 3 == site.calls
    await site.get(X_A="2")
    assert 3 == site.calls
    assert "vary-miss" in status_of(await site.get(X_A="3"))


async def test_vary_any_matches_nothing():
    """RFC 9111 4.1: "A stored response with a Vary header field value containing a member "*" always fails"."""
    site = CacheSite(reply(cache_control=FRESH, vary="X-A, *"))
    await site.get()
    await site.get()
    assert 2 == site.calls


async def test_vary_by_what_is_set_further_in_is_not_stored():
    """The field is none of what a client has sent, so the next client, for whom it would be another, is not known by
    it. Of a field that is set for all alike that cannot be told, and what comes is not stored either.
    """
    site = CacheSite(reply(cache_control="public, max-age=60, stale-while-revalidate=60", vary="X-Tenant", etag='"a"'))
    inner, tenants = site.origin, iter("aabbaa")

    async def setting(request: Request) -> Response:
        request.headers["X-Tenant"] = next(tenants)
        return await inner(request)

    site.origin = setting
    for _ in range(3):
        await site.get()
        assert "stored" not in status_of(await site.send("HEAD"))
    assert 0 == site.cache.statistics().responses


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_vary_by_what_is_set_further_in_ends_what_was_stored(method: str):
    """Also when a validation, or HEAD, is the first to say so."""
    answers = [reply(cache_control=FRESH, etag='"a"'), reply(304, b"", vary="X-Tenant", cache_control=FRESH)]
    if method == "HEAD":
        answers[1] = reply(200, b"", vary="X-Tenant", cache_control=FRESH, etag='"a"')
    site = CacheSite(*answers, reply(body=b"new", cache_control="no-store"))
    await site.get()
    inner = site.origin

    async def setting(request: Request) -> Response:
        request.headers["X-Tenant"] = "a"
        return await inner(request)

    site.origin = setting
    site.clock.advance(100)
    await site.send(method)
    site.origin = inner
    assert b"new" == (await site.get()).body.data


async def test_many_names_in_vary_are_not_stored():
    """Each look would compare all of them: 4000 take four milliseconds."""
    names = [f"X-{number}" for number in range(MAX_VARY_NAMES + 1)]
    site = CacheSite(*(reply(cache_control=FRESH, vary=", ".join(names[:count])) for count in (33, 32)))
    assert "stored" not in status_of(await site.get("/33"))
    assert "stored" in status_of(await site.get("/32"))


async def test_lists_match_in_any_spelling_that_means_the_same():
    """RFC 9111 4.1: white space, case and order where they say nothing; several lines are one list."""
    site = CacheSite(reply(cache_control=FRESH, vary="Accept-Encoding"))
    for value in ("gzip, br", "br,gzip", "GZIP ,BR"):
        await site.get(Accept_Encoding=value)
    assert 1 == site.calls
    await site.get(Accept_Encoding="gzip")
    assert 2 == site.calls


async def test_change_of_vary_drops_what_others_chose():
    """What the service last said about how responses are chosen counts."""
    site = CacheSite(reply(cache_control=FRESH, vary="X-A"), reply(cache_control=FRESH, vary="X-B"))
    await site.get(X_A="1")
    await site.get(X_A="2", X_B="1")
    await site.get(X_A="1", X_B="1")
    assert 2 == site.calls
    await site.get(X_A="1")
    assert 3 == site.calls
