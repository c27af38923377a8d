"""What a cache holds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cache.origin import CacheSite, reply
from vizgate.cache.http_cache import HttpCache
from vizgate.cache.rules.freshness import Lifetime
from vizgate.cache.rules.reuse import Terms
from vizgate.cache.storage.key import Address, ResourceKey, address_of_url
from vizgate.cache.storage.storage import MAX_VARIANTS, Storage
from vizgate.cache.storage.stored import StoredResponse

TERMS = Terms(Lifetime(60.0, is_told=True))


def stored(path: str = "/a", size: int = 100, value: bytes = b"1", tags: frozenset[bytes] = frozenset(), vary=(b"x",)):
    key = ResourceKey("r", "http", "h", path.encode())
    return StoredResponse(
        key, Address("http", "h", path), 200, b"", [], b"x" * size, TERMS, vary, (value,), 0, 0, 0, tags
    )


def find(storage: Storage, path: str, value: bytes = b"1") -> StoredResponse | None:
    return storage.find(ResourceKey("r", "http", "h", path.encode()), [(b"X", value)])


actions = st.lists(
    st.tuples(
        st.sampled_from(["keep", "find", "purge", "tag", "resize"]),
        st.sampled_from(["/a", "/b", "/c"]),
        st.integers(0, 4000),
        st.sampled_from([b"1", b"2"]),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(actions)
def test_sum_is_within_the_budget_and_tables_agree(steps):
    """Whatever happens, the bytes are those of what is there, within the budget, and what has gone leaves nothing."""
    storage = Storage(8000)
    for what, path, size, value in steps:
        if what == "keep":
            item = stored(path, size, value, frozenset({value}))
            assert storage.keep(item) == (item.size_bytes <= storage.budget_bytes)
        elif what == "find":
            find(storage, path, value)
        elif what == "purge":
            storage.purge(Address("http", "h", path))
            assert find(storage, path, b"1") is find(storage, path, b"2") is None
        elif what == "tag":
            storage.purge_tag(value)
        else:
            storage.resize(size * 3)
        assert storage._bytes == sum(item.size_bytes for item in storage._used) <= storage.budget_bytes
        variants = {item for resource in storage._resources.values() for item in resource.variants.values()}
        assert variants == set(storage._used)
        assert variants == {item for found in storage._by_tag.values() for item in found}
        assert {item.key for item in variants} == set(storage._resources)
        assert {item.address for item in variants} == set(storage._by_address)


def test_least_recently_used_goes_first():
    """What was asked for last stays longest."""
    storage = Storage(3 * stored().size_bytes)
    for path in ("/a", "/b", "/c"):
        storage.keep(stored(path))
    find(storage, "/a")
    storage.keep(stored("/d"))
    assert [True, False, True, True] == [find(storage, path) is not None for path in ("/a", "/b", "/c", "/d")]
    assert 1 == storage.statistics().evicted


def test_variants_of_one_resource_are_bounded():
    """Clients choose what ``Vary`` chooses by: the oldest variant makes room."""
    storage = Storage(10_000_000)
    for number in range(MAX_VARIANTS + 10):
        storage.keep(stored(value=b"%d" % number))
    assert MAX_VARIANTS == storage.statistics().responses
    assert find(storage, "/a", b"9") is None
    assert find(storage, "/a", b"10") is not None


def test_what_is_larger_than_the_budget_is_not_kept():
    """Nothing is dropped for the sake of what can find no room."""
    storage = Storage(stored().size_bytes)
    storage.keep(stored())
    assert not storage.keep(stored("/b", 101))
    assert find(storage, "/a") is not None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://example.com/a", ("http", "example.com", "/a")),
        ("HTTP://Example.COM:80/a//b/./c?x=1#f", ("http", "example.com", "/a/b/c?x=1")),
        ("https://example.com:8443", ("https", "example.com:8443", "/")),
        ("https://example.com:443/%61", ("https", "example.com", "/a")),
    ],
)
def test_url_is_read_in_its_normal_form(url, address):
    """Whatever spelling a purge uses, it means the same."""
    assert address == address_of_url(url)


@pytest.mark.parametrize(
    "url", ["", "/a", "example.com/a", "ftp://example.com/", "http://", "http://u@h/", "http://h/../x", "http://h/%zz"]
)
def test_what_is_no_url_is_refused(url):
    """A slip is told, and not taken for a purge that found nothing."""
    with pytest.raises(ValueError, match=r"Write for example|no request can have"):
        HttpCache().purge(url)


async def test_purge_by_tag_takes_all_with_it():
    """``Surrogate-Key`` has white space between tags, ``Cache-Tag`` commas."""
    fresh = "max-age=60"
    site = CacheSite(
        reply(cache_control=fresh, surrogate_key="user-7 users"),
        reply(cache_control=fresh, cache_tag="users, other"),
        reply(cache_control=fresh),
    )
    for path in ("/a", "/b", "/c"):
        await site.get(path)
    assert (0, 1, 1) == tuple(site.cache.purge_tag(tag) for tag in ("user", "other", "users"))
    assert 1 == site.cache.statistics().responses


async def test_memory_is_that_of_the_largest_and_goes_with_the_last():
    """A zone is as large as the largest size asked for; a reload finds it as it was, and the end leaves nothing."""
    site = CacheSite(reply(cache_control="max-age=60"), size=100_000, max_object=1000)
    await site.get()
    second = site.route("r", size=200_000, max_object=1000)
    assert site.cache is second.cache
    assert 200_000 == site.cache.statistics().bytes_budget
    await site.middleware.stop()
    await site.get(route=second)
    assert 1 == site.calls
    await second.stop()
    assert (0, 0) == site.cache.statistics()[:2]


async def test_zones_share_nothing():
    """Another zone is another cache."""
    site = CacheSite(reply(cache_control="max-age=60"))
    await site.get()
    await site.get(route=site.route("r", zone="other"))
    assert 2 == site.calls
