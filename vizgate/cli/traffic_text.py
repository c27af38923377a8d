"""Splits, mirrors and faults in words.

In: the words. Not in: where they are shown (``cli.routes``, ``cli.explanation``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vizgate.cli.policy import Policy

if TYPE_CHECKING:
    from vizgate.config import RouteConfig
    from vizgate.traffic.config import FaultConfig, SplitEntryConfig


def split_text(ways: Iterable[SplitEntryConfig]) -> str:
    """The shares of *ways*, and what always goes to one of them."""
    ways = tuple(ways)
    total = sum(way.weight for way in ways)
    return ", ".join(" ".join([way.service, f"{100 * way.weight / total:.3g}%", *_always(way)]) for way in ways)


def traffic_policies(at: str, route: RouteConfig) -> Iterator[Policy]:
    """What *route*, which is written at *at*, says about its traffic."""
    if route.split is not None:
        by = route.split_by
        yield Policy("split", f"{split_text(route.split)}; sticky by {by}", f"{at}.split")
    if route.mirror is not None:
        mirror = route.mirror
        text = f"{mirror.percent:g}% to {mirror.service}, at most {mirror.in_flight} at once"
        yield Policy("mirror", text, f"{at}.mirror")
    if route.fault is not None:
        yield Policy("fault", _fault_text(route.fault), f"{at}.fault")


def _always(way: SplitEntryConfig) -> list[str]:
    tests = [f"header {name}: {value}" for name, value in way.header.items()]
    tests += [f"cookie {name}={value}" for name, value in way.cookie.items()]
    return [f"(always with {' or '.join(tests)})"] if tests else []


def _fault_text(fault: FaultConfig) -> str:
    shown = fault.model_dump(mode="json")
    kinds = [f"{shown['delay']} delay"] if fault.delay else []
    kinds += [f"status {fault.status}"] if fault.status is not None else []
    kinds += ["reset"] if fault.abort else []
    who = f" with the secret in {fault.header}" if fault.header else ""
    return f"{' and '.join(kinds)} for {fault.percent:g}% of requests{who}"
