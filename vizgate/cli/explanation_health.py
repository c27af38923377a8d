"""Which targets of a service may be asked: what finds out, and what follows.

In: the policies of ``health``. Not in: all others (``cli.explanation``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vizgate.cli.policy import Policy
from vizgate.config.model import ServiceConfig


def health_policies(service: ServiceConfig, at: str) -> Iterator[Policy]:
    """Of *service*, which stands at the path *at*."""
    health = service.health
    if health is not None:
        shown: dict[str, Any] = health.model_dump(mode="json")
        if health.active is not None:
            yield Policy("probes", _probes(shown["active"]), f"{at}.health.active")
        if health.passive is not None:
            yield Policy("left out after", _ejection(shown["passive"]), f"{at}.health.passive")
        if health.slow_start:
            yield Policy("slow start", shown["slow_start"], f"{at}.health.slow_start")
        if health.panic_below:
            yield Policy(
                "all targets are asked", f"with fewer than {shown['panic_below']} fit", f"{at}.health.panic_below"
            )
    if service.required:
        yield Policy("needed for readiness", "a fit target", f"{at}.required")


def _probes(active: dict[str, Any]) -> str:
    what = "a connection" if active["kind"] == "tcp" else f"{active['method']} {active['path']}"
    where = f" at port {active['port']}" if active["port"] else ""
    good = f"{active['healthy_after']} good ones bring back, {active['unhealthy_after']} bad ones take out"
    return f"{what}{where} every {active['interval']}; {good}"


def _ejection(passive: dict[str, Any]) -> str:
    local = passive["failures"] if passive["local_failures"] is None else passive["local_failures"]
    causes = [
        f"{passive['failures']} answers of 5xx in a row" if passive["failures"] else "",
        f"{local} attempts in a row without an answer" if local else "",
        f"{passive['failure_rate']} failures of at least {passive['minimum_requests']}"
        if passive["failure_rate"]
        else "",
    ]
    found = " or ".join(cause for cause in causes if cause)
    return f"{found}; for {passive['eject_for']} and more, at most {passive['max_ejected']} of the targets"
