"""How far away a host is, by its name or address.

In: whether it is this machine, one of a network of one's own, or anywhere. Not in: looking names up.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

# Kubernetes, Docker and Consul, RFC 6762, RFC 8375 and the name that ICANN keeps free for such use.
_INSIDE = (".internal", ".local", ".svc", ".cluster.local", ".consul", ".home.arpa", ".lan", ".corp", ".intranet")
# A v4 network wider than /8 and a v6 network wider than /16 is nobody's own.
_LEAST_PREFIX = {4: 8, 6: 16}


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_inside(host: str) -> bool:
    """Whether *host* is of a network of one's own: a private address, a name without a dot, or one under a name that
    the Internet does not have.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.rstrip(".").endswith(_INSIDE)
    return address.is_private or address.is_link_local


def is_everything(network: object) -> bool:
    """Whether *network*, as text or as a network, is so wide that it names nobody."""
    try:
        found = ip_network(str(network), strict=False)
    except ValueError:
        return False
    return found.prefixlen < _LEAST_PREFIX[found.version]
