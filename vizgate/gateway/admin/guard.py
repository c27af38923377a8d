"""Whom the admin API answers.

In: ``AdminGuard``. Not in: ``/health``, ``/readiness`` and ``/metrics``, which orchestrators ask under any name.

There is no token yet, so the API is for programs of this machine. A browser of this machine is one, too, and runs the
scripts of strangers: what such a script can send is refused.
"""

from __future__ import annotations

import ipaddress

from vizgate.pipeline.request import Request

# Fetch Metadata: "none" is a person who typed the address.
_OWN_SITES = frozenset({"none", "same-origin"})


class AdminGuard:
    """Args: host: the address of the admin listener."""

    def __init__(self, host: str) -> None:
        self._is_closed = not is_loopback(host)

    def refusal(self, request: Request) -> str:
        """Why *request* is not answered, "" when it may be."""
        if self._is_closed:
            return "the admin API is served on a loopback address only. Set server.admin to 127.0.0.1:9900"
        # The last one is this gateway's own. A route that has the admin listener for its target must not open it.
        if len(request.headers.get_all("Via")) > 1:
            return "the admin API is not for requests that came through a proxy"
        if "Origin" in request.headers:
            return "the admin API is not for pages of a browser: leave Origin out"
        if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return "the admin API is not for pages of a browser"
        # DNS rebinding: a page whose name leads here now is of the same origin, but it cannot choose another Host.
        if not is_loopback(host_of(request.authority)):
            return "the admin API answers under localhost or a loopback address only"
        return ""

    def __repr__(self) -> str:
        return f"<AdminGuard [{'closed' if self._is_closed else 'open'}]>"


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
