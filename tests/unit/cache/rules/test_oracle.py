"""The rules beside those of hishel, which reads RFC 9111 on its own."""

from __future__ import annotations

import time
import uuid

import hishel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.cache.rules.directives import read_directives
from vizgate.cache.rules.freshness import lifetime_of
from vizgate.cache.rules.reuse import Use, terms_of, use_of, wish_of
from vizgate.cache.rules.storable import Facts, refusal_of
from vizgate.message.headers import Headers
from vizgate.observe.date import imf_fixdate

OPTIONS: hishel.CacheOptions = {"shared": True}
ALONE = ("public", "private", "no-store", "no-cache", "must-revalidate", "proxy-revalidate", "immutable", "x")
names = st.lists(st.sampled_from(ALONE), max_size=3)
number = st.none() | st.sampled_from([0, 1, 1000])
statuses = st.sampled_from([200, 203, 206, 301, 302, 304, 404, 410, 418, 500, 599])


def written(directives: list[str], max_age: int | None, s_maxage: int | None) -> str:
    told = {"max-age": max_age, "s-maxage": s_maxage}
    return ", ".join([*directives, *(f"{name}={value}" for name, value in told.items() if value is not None)])


@given(statuses, names, number, number, st.booleans())
def test_same_responses_are_stored(status, directives, max_age, s_maxage, has_credentials):
    """Where a lifetime is told, both store the same; hishel also stores what says nothing, to ask again later."""
    text = written(directives, max_age, s_maxage)
    request = hishel.Request("GET", "http://h/", hishel.Headers({"authorization": "a"} if has_credentials else {}))
    response = hishel.Response(status, hishel.Headers({"cache-control": text}))
    found = hishel.CacheMiss(request=request, options=OPTIONS).next(response)
    told = read_directives(text)
    lifetime = lifetime_of(told, Headers(), 0.0)
    refusal = refusal_of(Facts(status, told, Headers(), has_credentials), lifetime)
    if lifetime is not None:
        assert isinstance(found, hishel.StoreAndUse) == (refusal is None)
    elif refusal is None:
        pytest.fail("stored without a lifetime")


@given(names, number, number, st.none() | st.sampled_from([0, 500]), st.sampled_from([100, 5000]), st.booleans())
def test_same_responses_are_reused(directives, max_age, s_maxage, expires, age, no_cache):
    """Both give the same stored responses to the same requests, or both ask again."""
    text = written(directives, max_age, s_maxage)
    now_s = int(time.time())
    fields = {"cache-control": text, "date": imf_fixdate(now_s - age)}
    if expires is not None:
        fields["expires"] = imf_fixdate(now_s - age + expires)
    told, wanted = read_directives(text), "no-cache" if no_cache else ""
    lifetime = lifetime_of(told, Headers.of(fields.items()), float(now_s))
    if lifetime is None:
        return
    request = hishel.Request("GET", "http://h/", hishel.Headers({"cache-control": wanted} if wanted else {}))
    entry = hishel.Entry(uuid.uuid4(), request, hishel.Response(200, hishel.Headers(fields)))
    found = hishel.IdleClient(options=OPTIONS).next(request, [entry])
    use = use_of(terms_of(told, lifetime), wish_of(read_directives(wanted)), float(age))
    assert isinstance(found, hishel.FromCache) == (use is Use.FRESH)
