"""What a request that changes something makes invalid.

In: RFC 9111 4.4. Not in: forgetting it (``cache.http_cache``).
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from vizgate.cache.storage.key import Address, address_of, address_of_url
from vizgate.errors import BadRequest
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: RFC 9110 9.2.1, and methods registered since. Any other method may change something.
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"})


def invalid_addresses(request: Request, response: Response, target: bytes) -> list[Address]:
    """The addresses that *response* to *request* makes invalid: none of a safe method, or when it failed.

    ``Location`` and ``Content-Location`` count where they are of the same origin: RFC 9111 4.4: "a cache MUST NOT
    trigger an invalidation under these conditions if the origin [...] differs".

    Args: target: of the request as it came to the cache.
    """
    if request.method in SAFE or not 200 <= response.status < 400:
        return []
    try:
        own = address_of(request.scheme, request.authority, target)
    except BadRequest:
        return []
    lines = [*response.headers.get_all("Location"), *response.headers.get_all("Content-Location")]
    others = [_joined(request, target, line) for line in lines]
    return [own, *(other for other in others if other is not None and other[:2] == own[:2])]


def _joined(request: Request, target: bytes, reference: str) -> Address | None:
    try:
        url = urljoin(f"{request.scheme}://{request.authority}{target.decode('latin-1')}", reference)
        return address_of_url(url) if urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None
