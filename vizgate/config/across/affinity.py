"""Checks of affinity: what services say about each other's cookies.

In: ``cookie_findings``. Not in: the settings of one service (``balancer.config``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vizgate.config.problems import Finding, Path, shown


def cookie_findings(cookies: Mapping[str, str]) -> Iterator[Finding]:
    """Services whose cookies have one name, under which a browser keeps one value: each would overwrite the other's,
    and no client would stay anywhere.
    """
    first: dict[str, str] = {}
    for service, cookie in cookies.items():
        owner = first.setdefault(cookie, service)
        if owner != service:
            other: Path = ("services", owner, "affinity", "cookie")
            message = f"{shown(cookie)} is the cookie of {shown(owner)}, too{{other}}. Give each service its own"
            yield Finding(("services", service, "affinity", "cookie"), message, other)
