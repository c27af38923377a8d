"""Making caches forget, by hand: for programs, and for whatever the admin listener offers.

In: ``purge_caches`` and ``clear_caches``, over every zone. Not in: forgetting (``cache.http_cache``).
"""

from __future__ import annotations

from vizgate.cache.http_cache import HttpCache
from vizgate.gateway.state import GatewayState


def purge_caches(state: GatewayState, *, url: str | None = None, tag: str | None = None) -> int:
    """Forget every stored answer for *url*, with *tag*, or of either kind; how many there were.

    Raises: ValueError: *url* is not absolute, or there is neither.
    """
    if url is None and tag is None:
        raise ValueError("nothing to purge. Give a url, a tag, or both")
    caches = state.kept.all(HttpCache)
    by_url = 0 if url is None else sum(cache.purge(url) for cache in caches)
    return by_url + (0 if tag is None else sum(cache.purge_tag(tag) for cache in caches))


def clear_caches(state: GatewayState) -> int:
    """Forget every stored answer; how many there were."""
    caches = state.kept.all(HttpCache)
    stored = sum(cache.statistics().responses for cache in caches)
    for cache in caches:
        cache.clear()
    return stored
