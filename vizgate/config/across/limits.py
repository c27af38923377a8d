"""Limits and the routes that name them.

In: dangling names. Not in: what one limit can be asked alone (``limiter.config``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.config.problems import Finding, Path, unknown_name


@dataclass(frozen=True, slots=True)
class LimitParts:
    """``names``: all under ``limits``. ``asked``: by index of the route, those that it names itself. ``defaults``:
    those that ``defaults`` has, known of a configuration whose parts are all good.
    """

    names: Sequence[str] = ()
    asked: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()


def limit_findings(parts: LimitParts) -> Iterator[Finding]:
    """Everything that is wrong."""
    if "none" in parts.names:
        message = "limit: none means that a route has no limit. Give the limit another name"
        yield Finding(("limits", "none"), message)
    yield from _unknown(("defaults", "limit"), parts.defaults, parts.names)
    for index, names in parts.asked.items():
        yield from _unknown(("routes", index, "limit"), names, parts.names)


def _unknown(at: Path, names: tuple[str, ...], known: Sequence[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name not in known:
            yield Finding((*at, index), unknown_name("limit", name, known))
        elif name in names[:index]:
            yield Finding((*at, index), f"{name} is there twice, and would count each request twice. Remove one")
