"""A cookie that leads a client back to its target.

In: ``CookieAffinity``, which meets ``pipeline.service.AffinityPort``. Not in: names of targets
(``balancer.affinity.names``), and whether the target may be asked (``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.balancer.affinity.names import TargetNames
from vizgate.balancer.config import AffinityConfig
from vizgate.message.cookies import cookie_value
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class CookieAffinity:
    """Nothing is kept here: what there is to know about a client is in its cookie.

    Args: secret: used when *config* has none. service, addresses: see ``TargetNames``. metrics: where it is counted
    what became of clients.
    """

    __slots__ = ("_attributes", "_cookie", "_kept", "_moved", "_names", "_new")

    def __init__(
        self, config: AffinityConfig, secret: bytes, service: str, addresses: Sequence[str], metrics: Metrics
    ) -> None:
        counters = metrics.counters(
            "affinity", "Answers of services with affinity, by what became of their clients.", ("service", "outcome")
        )
        self._kept, self._moved, self._new = (counters.of(service, outcome) for outcome in ("kept", "moved", "new"))
        key = secret if config.secret is None else config.secret.reveal().encode()
        self._names = TargetNames(key, service, addresses)
        self._cookie = config.cookie.encode("ascii")
        # Prefixed names are refused by browsers without Secure (RFC 6265bis 4.1.3).
        always_secure = config.cookie.startswith(("__Host-", "__Secure-"))
        age = b"; Max-Age=%d" % config.max_age if config.max_age else b""
        plain = b"; Path=/" + age + b"; HttpOnly; SameSite=Lax"
        #: What follows the value, over http and over https.
        self._attributes = (plain + b"; Secure" if always_secure else plain, plain + b"; Secure")

    def wanted(self, request: Request) -> int | None:
        """See ``AffinityPort.wanted``."""
        value = cookie_value(request.headers.raw, self._cookie)
        return None if value is None else self._names.index(value)

    def remember(self, request: Request, response: Response, index: int) -> None:
        """See ``AffinityPort.remember``; a client that knows its target is told nothing, nor who shares the answer."""
        if request.is_shared:
            return
        name = self._names.name(index)
        value = cookie_value(request.headers.raw, self._cookie)
        if value == name:
            self._kept.value += 1
            return
        known = value is not None and self._names.index(value) is not None
        (self._moved if known else self._new).value += 1
        attributes = self._attributes[request.scheme == "https"]
        response.headers.raw.append((b"Set-Cookie", b"%b=%b%b" % (self._cookie, name, attributes)))

    def __repr__(self) -> str:
        return f"<CookieAffinity {self._cookie.decode()} [{self._names!r}]>"
