"""What must be true of every request to the admin API, whoever sends it.

In: ``AdminGuard``. Not in: tokens (``gateway.admin.access``), and ``/health``, ``/readiness`` and the like, which
orchestrators ask under any name.

Without a token, the API is for programs of this machine. A browser of this machine is one, too, and runs the scripts of
strangers: what such a script can send is refused. A script has no token, so with one the name in ``Host`` says nothing,
and pages of the API's own origin may ask; those of others may not.
"""

from __future__ import annotations

import ipaddress

from vizgate.pipeline.request import Request

# Fetch Metadata: "none" is a person who typed the address.
_OWN_SITES = frozenset({"none", "same-origin"})


class AdminGuard:
    """Args: host: the address of the admin listener. has_tokens: whether a token is asked for."""

    def __init__(self, host: str, *, has_tokens: bool = False) -> None:
        self._is_loopback = is_loopback(host)
        self._has_tokens = has_tokens

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the listener."""
        return self._is_loopback

    def refusal(self, request: Request) -> str:
        """Why *request* is not answered, "" when it may be."""
        # The configuration allows none; a gateway that was made in another way must not be open either.
        if not self._is_loopback and not self._has_tokens:
            return "the admin API needs a token where others can reach it. Set server.admin_token"
        # The last one is this gateway's own. A route that has the admin listener for its target must not open it.
        if len(request.headers.get_all("Via")) > 1:
            return "the admin API is not for requests that came through a proxy"
        if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return "the admin API is not for pages of a browser"
        return self._refusal_of_name(request)

    def _refusal_of_name(self, request: Request) -> str:
        origins = request.headers.get_all("Origin")
        if self._has_tokens:
            own = [f"{request.scheme}://{request.authority}"]
            return "" if origins in ([], own) else "the admin API is not for pages of other origins"
        if origins:
            return "the admin API is not for pages of a browser: leave Origin out"
        # DNS rebinding: a page whose name leads here now is of the same origin, but it cannot choose another Host.
        if not is_loopback(host_of(request.authority)):
            return "the admin API answers under localhost or a loopback address only"
        return ""

    def __repr__(self) -> str:
        return f"<AdminGuard [{'local' if self._is_loopback else 'reachable'}, tokens: {self._has_tokens}]>"


def host_of(authority: str) -> str:
    """The host in *authority*, without port and brackets."""
    host = authority.rpartition(":")[0] if not authority.endswith("]") and ":" in authority else authority
    return host.removeprefix("[").removesuffix("]")


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an address, is this machine for sure."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
