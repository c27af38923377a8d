"""Requests that another route takes.

In: ``moves``, found by trying requests on the routes of both configurations. Not in: routing (``router``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from vizgate.config.diff.effects import renamed_routes
from vizgate.config.model import CheckRequest, GatewayConfig, RouteConfig
from vizgate.message.headers import Headers
from vizgate.router import ConditionConfig, NoMatch, Router, Rule
from vizgate.router.template import Kind, Segment, parse_path_template

# Of a request for which the host does not matter.
_HOST = "vizgate.invalid"
_METHODS = ("GET", "POST")
_TEXTS = {Kind.INT: "1", Kind.UUID: "00000000-0000-4000-8000-000000000000", Kind.STR: "x", Kind.PATH: "x"}
_SAFE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Sample:
    """A request to try. ``fields``: names and values."""

    method: str
    authority: str
    target: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def request(self) -> tuple[str, str, bytes, Headers]:
        """What a router is asked. Raises: ValueError: its fields cannot be sent."""
        target = quote(self.target, safe=_SAFE).encode("ascii")
        return self.method, self.authority, target, Headers.of(self.fields)

    @property
    def can_be_sent(self) -> bool:
        """Whether its fields may stand in a message."""
        try:
            Headers.of(self.fields)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        fields = "".join(f", {name}: {value}" for name, value in self.fields)
        authority = "" if self.authority == _HOST else self.authority
        return f"{self.method} {authority}{self.target}{fields}"


@dataclass(frozen=True, slots=True)
class Move:
    """A request that goes another way: the names of the routes that took and take it, or the status that it gets."""

    sample: Sample
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.sample}: {self.old} -> {self.new}"


def moves(old: GatewayConfig, new: GatewayConfig) -> tuple[Move, ...]:
    """Requests that had a route in *old* and go another way in *new*: those of both files' ``tests``, and one or two
    for the path of every route. What has a new name only is no move.

    Raises: RouteConflict: routes that cannot be told apart.
    """
    before, after = _router(old), _router(new)
    names = renamed_routes(old, new)
    found = []
    for sample in dict.fromkeys((*_samples(old), *_samples(new))):
        was, now = before.match(*sample.request), after.match(*sample.request)
        if isinstance(was, NoMatch):
            continue
        if isinstance(now, NoMatch):
            found.append(Move(sample, was.value, str(now.status)))
        elif names.get(was.value, was.value) != now.value:
            found.append(Move(sample, was.value, now.value))
    return tuple(found)


def _router(config: GatewayConfig) -> Router[str]:
    return Router(Rule(route.name, route.match, route.name) for route in config.routes)


def _samples(config: GatewayConfig) -> Iterator[Sample]:
    tried = (_sample_of(test.request) for test in config.tests)
    yield from (sample for sample in tried if sample.can_be_sent)
    for route in config.routes:
        yield from examples(route)


def _sample_of(request: CheckRequest) -> Sample:
    parts = urlsplit(request.url)
    query = f"?{parts.query}" if parts.query else ""
    return Sample(request.method, parts.netloc, f"{parts.path or '/'}{query}", tuple(request.headers.items()))


def examples(route: RouteConfig) -> Iterator[Sample]:
    """Requests that *route* is for: each of its hosts, with up to two methods. None where a condition is a pattern, of
    which nobody knows what fits.
    """
    match = route.match
    if any(condition.regex is not None for condition in (*match.headers.values(), *match.query.values())):
        return
    path = "/" + "/".join(map(_text_of, parse_path_template(match.path).segments))
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in _values(match.query))
    target = f"{path}?{query}" if query else path
    for host in match.hosts or (_HOST,):
        for method in (match.methods or _METHODS)[:2]:
            authority = f"x{host[1:]}" if host.startswith("*") else host
            yield Sample(method, authority, target, tuple(_values(match.headers)))


def _text_of(segment: Segment) -> str:
    return f"{segment.prefix}{_TEXTS.get(segment.kind, '')}{segment.suffix}"


def _values(conditions: dict[str, ConditionConfig]) -> list[tuple[str, str]]:
    return [(name, "x" if condition.exact is None else condition.exact) for name, condition in conditions.items()]
