"""A cookie that leads a client back to its target.

In: ``CookieAffinity``, which meets ``pipeline.service.AffinityPort``. Not in: names of targets
(``balancer.affinity.names``), and whether the target may be asked (``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.balancer.affinity.names import TargetNames
from vizgate.balancer.config import AffinityConfig
from vizgate.message.cookies import cookie_value
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class CookieAffinity:
    """Nothing is kept here: what there is to know about a client is in its cookie.

    Args: secret: used when *config* has none. service, addresses: see ``TargetNames``.
    """

    __slots__ = ("_attributes", "_cookie", "_names")

    def __init__(self, config: AffinityConfig, secret: bytes, service: str, addresses: Sequence[str]) -> None:
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
        """See ``AffinityPort.remember``; a client that knows its target is told nothing."""
        name = self._names.name(index)
        if cookie_value(request.headers.raw, self._cookie) != name:
            attributes = self._attributes[request.scheme == "https"]
            response.headers.raw.append((b"Set-Cookie", b"%b=%b%b" % (self._cookie, name, attributes)))

    def __repr__(self) -> str:
        return f"<CookieAffinity {self._cookie.decode()} [{self._names!r}]>"
