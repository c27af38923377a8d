"""Which requests a stored response is for (RFC 9111 4 and 4.1)."""

from __future__ import annotations

from tests.unit.cache.origin import CacheSite, reply, status_of

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


async def test_spelling_of_a_host_does_not_matter():
    """Case and the port of the scheme say nothing (RFC 9110 4.2.3)."""
    site = CacheSite(reply(cache_control=FRESH))
    for host in ("example.com", "EXAMPLE.com", "example.com:80", "example.com:"):
        await site.get(host=host)
    assert 1 == site.calls


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
