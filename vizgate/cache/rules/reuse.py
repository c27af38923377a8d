"""What may be done with a stored response.

In: ``Terms`` of a response, ``Wish`` of a request, and what follows from both and an age (RFC 9111 4 and 5.2, RFC
5861). Not in: finding the response, and whether the request has the right key.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import NamedTuple

from vizgate.cache.rules.directives import Directives, is_bare, seconds_of
from vizgate.cache.rules.freshness import Lifetime

#: Each forbids a shared cache to use the response when it is stale (RFC 9111 4.2.4).
_FORBIDS_STALE = ("must-revalidate", "proxy-revalidate", "s-maxage")


#: RFC 5861 4: the statuses that ``stale-if-error`` is about.
ERRORS = frozenset({500, 502, 503, 504})


class Use(Enum):
    """What to do with a stored response."""

    FRESH = "fresh"
    #: Stale, but good enough for who asks.
    STALE = "stale"
    #: Stale; give it, and ask the service in the background.
    WHILE_REVALIDATING = "while_revalidating"
    VALIDATE = "validate"


class Terms(NamedTuple):
    """What a response says about its use. ``while_revalidating_s``, ``if_error_s``: how long after it has become stale
    it may be used while, or instead of, asking again.
    """

    lifetime: Lifetime
    always_validate: bool = False
    forbids_stale: bool = False
    while_revalidating_s: float = 0.0
    if_error_s: float = 0.0


class Wish(NamedTuple):
    """What a request says about stored responses (RFC 9111 5.2.1), in seconds; the default is no wish at all."""

    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age_s: float = inf
    min_fresh_s: float = 0.0
    max_stale_s: float = -1.0
    if_error_s: float = 0.0


NO_WISH = Wish()


def terms_of(
    directives: Directives, lifetime: Lifetime, *, while_revalidating_s: float = 0.0, if_error_s: float = 0.0
) -> Terms:
    """The terms of a response. Args: seconds: what holds where *directives* do not say."""
    while_revalidating = seconds_of(directives, "stale-while-revalidate")
    if_error = seconds_of(directives, "stale-if-error")
    return Terms(
        lifetime,
        is_bare(directives, "no-cache"),
        any(name in directives for name in _FORBIDS_STALE),
        while_revalidating_s if while_revalidating is None else float(while_revalidating),
        if_error_s if if_error is None else float(if_error),
    )


def wish_of(directives: Directives, *, has_pragma: bool = False) -> Wish:
    """The wish of a request. Args: has_pragma: whether it has ``Pragma: no-cache``, which counts where *directives*
    are empty (RFC 9111 5.4).
    """
    if not directives:
        return Wish(no_cache=True) if has_pragma else NO_WISH
    max_age = seconds_of(directives, "max-age")
    min_fresh = seconds_of(directives, "min-fresh")
    return Wish(
        "no-cache" in directives,
        "no-store" in directives,
        "only-if-cached" in directives,
        inf if max_age is None else float(max_age),
        float(min_fresh or 0),
        _max_stale_s(directives),
        float(seconds_of(directives, "stale-if-error") or 0),
    )


def _max_stale_s(directives: Directives) -> float:
    if "max-stale" not in directives:
        return -1.0
    if directives["max-stale"] is None:
        # RFC 9111 5.2.1.2: "If no value is assigned to max-stale, then the client will accept a stale response of any
        # age."
        return inf
    seconds = seconds_of(directives, "max-stale", invalid=None)
    return -1.0 if seconds is None else float(seconds)


def use_of(terms: Terms, wish: Wish, age_s: float) -> Use:
    """What to do with a response of *age_s* seconds that has *terms*, for a request with *wish*."""
    if terms.always_validate or wish.no_cache or age_s > wish.max_age_s:
        return Use.VALIDATE
    left_s = terms.lifetime.seconds - age_s
    if left_s > 0:
        return Use.FRESH if left_s >= wish.min_fresh_s else Use.VALIDATE
    if terms.forbids_stale or wish.min_fresh_s > 0:
        return Use.VALIDATE
    if -left_s <= wish.max_stale_s:
        return Use.STALE
    return Use.WHILE_REVALIDATING if -left_s < terms.while_revalidating_s else Use.VALIDATE


def may_replace_error(terms: Terms, wish: Wish, age_s: float) -> bool:
    """Whether a response of *age_s* may be given because the service has none. Source: RFC 5861 4, RFC 9111 4.2.4."""
    if terms.always_validate or terms.forbids_stale or wish.no_cache or age_s > wish.max_age_s:
        return False
    stale_s = age_s - terms.lifetime.seconds
    return stale_s < max(terms.if_error_s, wish.if_error_s) or stale_s <= wish.max_stale_s
