"""A cookie that leads a client back to its target.

In: ``CookieAffinity``, which meets ``pipeline.service.AffinityPort``. Not in: names of targets
(``balancer.affinity.names``), and whether the target may be asked (``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.balancer.affinity.key import SigningKey
from vizgate.balancer.affinity.names import TargetNames
from vizgate.balancer.config import AffinityConfig
from vizgate.message.cookies import cookie_value
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class CookieAffinity:
    """Nothing is kept here: what there is to know about a client is in its cookie.

    Args: key: used when *config* has no secret; it may change while requests come. service, addresses: see
    ``TargetNames``. metrics: where it is counted what became of clients.
    """

    __slots__ = ("_addresses", "_attributes", "_cookie", "_former", "_kept", "_key", "_moved", "_names", "_new",
                 "_secret", "_service")  # fmt: skip

    def __init__(
        self, config: AffinityConfig, key: SigningKey, service: str, addresses: Sequence[str], metrics: Metrics
    ) -> None:
        counters = metrics.counters(
            "affinity", "Answers of services with affinity, by what became of their clients.", ("service", "outcome")
        )
        self._kept, self._moved, self._new = (counters.of(service, outcome) for outcome in ("kept", "moved", "new"))
        self._service, self._addresses = service, tuple(addresses)
        self._key = key if config.secret is None else SigningKey(config.secret.reveal().encode())
        self._key.is_used = True
        self._sign()
        self._cookie = config.cookie.encode("ascii")
        # Prefixed names are refused by browsers without Secure (RFC 6265bis 4.1.3).
        always_secure = config.cookie.startswith(("__Host-", "__Secure-"))
        age = b"; Max-Age=%d" % config.max_age if config.max_age else b""
        plain = b"; Path=/" + age + b"; HttpOnly; SameSite=Lax"
        #: What follows the value, over http and over https.
        self._attributes = (plain + b"; Secure" if always_secure else plain, plain + b"; Secure")

    def _sign(self) -> None:
        """Make the names of the targets, by the key as it is now."""
        key = self._key
        self._secret = key.secret
        self._names = TargetNames(key.secret, self._service, self._addresses)
        self._former = None if key.former is None else TargetNames(key.former, self._service, self._addresses)

    def _index(self, value: bytes) -> int | None:
        index = self._names.index(value)
        return self._former.index(value) if index is None and self._former is not None else index

    def wanted(self, request: Request) -> int | None:
        """See ``AffinityPort.wanted``."""
        if self._secret is not self._key.secret:
            self._sign()
        value = cookie_value(request.headers.raw, self._cookie)
        return None if value is None else self._index(value)

    def remember(self, request: Request, response: Response, index: int) -> None:
        """See ``AffinityPort.remember``; a client that knows its target is told nothing, nor who shares the answer."""
        if request.is_shared:
            return
        name = self._names.name(index)
        value = cookie_value(request.headers.raw, self._cookie)
        if value == name:
            self._kept.value += 1
            return
        known = None if value is None else self._index(value)
        # Of its target, and signed with the former key: the client has its name anew, and stays where it is.
        (self._kept if known == index else self._new if known is None else self._moved).value += 1
        attributes = self._attributes[request.scheme == "https"]
        response.headers.raw.append((b"Set-Cookie", b"%b=%b%b" % (self._cookie, name, attributes)))

    def __repr__(self) -> str:
        return f"<CookieAffinity {self._cookie.decode()} [{self._names!r}]>"
