"""Rules: what a router is built from and what it answers, in which order rules are tried, and when two collide.

In: ``Rule``, ``Match``, ``NoMatch``, the compiled ``RulePlan``, ``RouteConflict``. Not in: finding the rules of a path
(``router.tree``).

The order in which rules are tried (the first whose every part holds wins):

1. host: exact name, longest wildcard, any;
2. path, segment by segment from the left: fixed text, then a parameter with more fixed text around it, then int, uuid,
   str, then the rest of the path;
3. rules that name methods before rules for all methods;
4. more header conditions, then more query conditions;
5. a rule that names HEAD before one that takes it because it names GET;
6. ``exact`` before ``regex`` before ``present``, and at last the names of header or parameter, value and rule, so that
   the order never depends on the order in which rules were written.

Two rules that agree in host, path, one method and all conditions cannot be told apart; they are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, final

from vizgate.errors import VizgateError
from vizgate.message.headers import Headers
from vizgate.router.conditions import Condition, check_pattern, unmet_header, unmet_query
from vizgate.router.config import ConditionConfig, MatchConfig
from vizgate.router.hosts import ANY_HOST, HostPattern, parse_host_pattern
from vizgate.router.template import Kind, PathTemplate, SegmentKey, converter, parse_path_template

_T = TypeVar("_T")

_NO_PARAMS: Mapping[str, Any] = MappingProxyType({})


class RouteConflict(VizgateError, ValueError):
    """Two rules that cannot be told apart; ``first`` and ``second`` are their names, ``reason`` says why."""

    def __init__(self, first: str, second: str, reason: str) -> None:
        super().__init__(f"routes '{first}' and '{second}' cannot be told apart: {reason}")
        self.first = first
        self.second = second
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rule(Generic[_T]):
    """Requests that *match* describes lead to *value*; *name* is unique among the rules of a router."""

    name: str
    match: MatchConfig
    value: _T


@final
class Match(Generic[_T]):
    """The rule that a request takes, its value, and the path parameters. Not to be changed: it may be shared.

    ``params``: int parameters are numbers, uuid ones text in lower case, str ones decoded text; the rest of a path is
    in normal form, where ``%2F`` and ``%25`` stay encoded (see ``message.target``).
    """

    __slots__ = ("params", "rule", "value")

    def __init__(self, rule: Rule[_T], params: Mapping[str, Any]) -> None:
        self.rule = rule
        self.value = rule.value
        self.params = params

    def __repr__(self) -> str:
        return f"<Match {self.rule.name} {dict(self.params)!r}>"


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No rule takes the request; it is false, so ``if found := router.match(...)`` reads well.

    ``status``: 404; 405 when the path takes other methods; 204 when the method is OPTIONS; 400 when the path is
    refused. ``allow``: for 405 and 204 the methods for ``Allow``, sorted. ``detail`` is safe to show to a client.
    """

    status: int
    allow: tuple[str, ...] = ()
    detail: str = ""

    def __bool__(self) -> Literal[False]:
        return False


Rank = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RulePlan(Generic[_T]):
    """A rule, compiled. ``methods`` holds HEAD with GET and is None for all; ``is_free`` says it has no conditions."""

    rule: Rule[_T]
    hosts: tuple[HostPattern, ...]
    template: PathTemplate
    methods: frozenset[str] | None
    headers: tuple[Condition, ...]
    query: tuple[Condition, ...]
    is_free: bool
    rank: Rank
    _values: tuple[tuple[int, str, Any], ...]
    _rest: tuple[int, str] | None

    def unmet(self, headers: Headers, query: bytes) -> Condition | None:
        """The first condition that does not hold."""
        return unmet_header(self.headers, headers.raw) or (unmet_query(self.query, query) if self.query else None)

    def bind(self, segments: Sequence[str]) -> Match[_T]:
        """The match of a path that the template takes.

        Args: segments: as for ``Tree.leaves``; the first is what stands before the first slash.
        """
        params: dict[str, Any] = {}
        for index, name, convert in self._values:
            params[name] = convert(segments[index])
        if self._rest is not None:
            index, name = self._rest
            params[name] = "/".join(segments[index:])
        return Match(self.rule, params)

    def fixed(self) -> Match[_T]:
        """The match of a path without parameters."""
        return Match(self.rule, _NO_PARAMS)


def compile_rule(rule: Rule[_T]) -> RulePlan[_T]:
    """*rule* with everything computed that does not depend on a request."""
    config = rule.match
    template = parse_path_template(config.path)
    headers, query = _conditions(config.headers), _conditions(config.query)
    named = list(enumerate(template.segments, 1))
    return RulePlan(
        rule=rule,
        hosts=tuple(parse_host_pattern(host) for host in config.hosts) if config.hosts else (ANY_HOST,),
        template=template,
        methods=_with_head(config.methods),
        headers=headers,
        query=query,
        is_free=not headers and not query,
        rank=_rank(rule, headers, query),
        _values=tuple((i, s.name, converter(s)) for i, s in named if s.name and s.kind is not Kind.PATH),
        _rest=next(((i, s.name) for i, s in named if s.name and s.kind is Kind.PATH), None),
    )


def _conditions(configs: Mapping[str, ConditionConfig]) -> tuple[Condition, ...]:
    return tuple(sorted((_condition(name, config) for name, config in configs.items()), key=lambda one: one.key))


def _condition(name: str, config: ConditionConfig) -> Condition:
    exact = None if config.exact is None else config.exact.encode("utf-8", "surrogateescape")
    pattern = None if config.regex is None else check_pattern(config.regex)
    return Condition(name.encode("utf-8", "surrogateescape"), exact, pattern)


def _with_head(methods: Sequence[str] | None) -> frozenset[str] | None:
    if methods is None:
        return None
    return frozenset(methods) | ({"HEAD"} if "GET" in methods else set())


def _rank(rule: Rule[_T], headers: Sequence[Condition], query: Sequence[Condition]) -> Rank:
    """Points 3 to 6 of the order, as a key that sorts the rule to try first to the front."""
    methods = rule.match.methods or ()
    takes_head_along = "GET" in methods and "HEAD" not in methods
    keys = tuple(condition.key for condition in headers), tuple(condition.key for condition in query)
    return (rule.match.methods is None, -len(headers), -len(query), takes_head_along, *keys, rule.name)


def find_conflicts(rules: Iterable[Rule[Any]]) -> tuple[RouteConflict, ...]:
    """Every pair of *rules* that cannot be told apart, and every name that is used twice; one error per pair."""
    conflicts = Conflicts()
    for rule in rules:
        conflicts.add(compile_rule(rule))
    return conflicts.found


_Territory = tuple[HostPattern, tuple[SegmentKey, ...], Any, str]


class Conflicts:
    """As ``find_conflicts``, for compiled rules that come one by one."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._owners: dict[_Territory, RulePlan[Any]] = {}
        self._found: dict[tuple[str, str], RouteConflict] = {}

    @property
    def found(self) -> tuple[RouteConflict, ...]:
        """Those among the rules so far."""
        return tuple(self._found.values())

    def add(self, plan: RulePlan[Any]) -> None:
        """Hold *plan* against all before it."""
        name = plan.rule.name
        if name in self._names:
            error = RouteConflict(name, name, "they have one name. Rename one of them")
            self._found.setdefault((name, name), error)
        self._names.add(name)
        for territory in _territories(plan):
            owner = self._owners.setdefault(territory, plan)
            pair = (owner.rule.name, name)
            if owner is not plan and pair not in self._found:
                self._found[pair] = RouteConflict(*pair, _reason(territory, owner, plan))

    def let_go(self) -> Iterator[None]:
        """Forget the rules, piece by piece: all at once that takes as long as many requests."""
        while self._owners:
            self._owners.popitem()
            yield

    def __repr__(self) -> str:
        return f"<Conflicts [{len(self._found)} among {len(self._names)} rules]>"


def _territories(plan: RulePlan[Any]) -> Iterable[_Territory]:
    """Everything *plan* claims for itself: two rules collide exactly when they claim one of these together."""
    methods = plan.rule.match.methods
    shape, conditions = plan.template.shape, (plan.headers, plan.query)
    for host in plan.hosts:
        for method in ("",) if methods is None else methods:
            yield host, shape, conditions, method


def _reason(territory: _Territory, first: RulePlan[Any], second: RulePlan[Any]) -> str:
    host, method = territory[0], territory[3]
    paths = dict.fromkeys((first.template.text, second.template.text))
    where = "on any host" if host == ANY_HOST else f"on host {host.text}"
    what = f"method {method}" if method else "all methods"
    conditions = "no conditions" if first.is_free else "the same conditions"
    return (f"both take {what} for {' and '.join(paths)} {where} under {conditions}. "
            "Change the path, hosts, methods, headers or query of one of them")  # fmt: skip
