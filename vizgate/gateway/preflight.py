"""Which route a CORS preflight asks about.

In: ``asked_method``. Not in: the answer (``cors``).

A preflight is an OPTIONS request on behalf of another one (Fetch standard, "CORS-preflight request"). What it asks is
whether a route may be used, so it takes that route, whatever methods the route names. Only its method is known in
advance: conditions on header fields are held against the fields of the preflight.
"""

from __future__ import annotations

import re

from vizgate.gateway.plan import RoutePlan
from vizgate.message.headers import Headers
from vizgate.router import NoMatch, Router

_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,40}")


def asked_method(router: Router[RoutePlan], authority: str, target: bytes, headers: Headers) -> str:
    """The method of the request that an OPTIONS request announces, when the route of that request answers preflights.

    "" for every other OPTIONS request: it goes on as it came.
    """
    method = headers.get("Access-Control-Request-Method") or ""
    # The router remembers what it found by method and path, so a method must not be long.
    if _METHOD.fullmatch(method) is None or "Origin" not in headers:
        return ""
    found = router.match(method, authority, target, headers)
    return "" if isinstance(found, NoMatch) or not found.value.answers_preflights else method
