"""The router: from a request's head to the rule it takes.

In: ``Router``. Not in: the order of rules (``router.rule``), templates, hosts and conditions (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from vizgate.message.headers import Headers
from vizgate.message.target import BadPath, is_plain_path, normalize_path, split_target
from vizgate.router.config import MatchConfig
from vizgate.router.explain import Question, Stage, Verdict, objection
from vizgate.router.hosts import ANY_HOST, HostIndex, HostPattern, host_of
from vizgate.router.rule import Conflicts, Match, NoMatch, Rule, RulePlan, compile_rule
from vizgate.router.tree import Tree

_T = TypeVar("_T")

_NO_HEADERS = Headers()
# What the answers remembered may take: about 1 MiB with paths of usual length.
_MEMO_SIZE = 4096
_MEMO_PATH_BYTES = 256
_NOT_FOUND = NoMatch(404, detail="no route for this path")


class Router(Generic[_T]):
    """Finds the rule for a request; immutable, and quick whatever the number of rules.

    Alone, without a gateway:

        >>> from vizgate.router import Router
        >>> router = Router.of(
        ...     {"/users/{id:int}": "user", "GET /users/me": "me", "GET,POST /files/{rest:path}": "files"}
        ... )
        >>> router.match("GET", "example.com", b"/users/7").value
        'user'
        >>> router.match("GET", "example.com", b"/users/7").params
        {'id': 7}
        >>> router.match("DELETE", "example.com", b"/files/a/b").allow
        ('GET', 'HEAD', 'OPTIONS', 'POST')
        >>> router.match("GET", "example.com", b"/").status
        404

    Args: rules: in any order; what wins is in ``router.rule``.
    Raises: RouteConflict: two rules cannot be told apart, or share a name.
    """

    __slots__ = ("_by_host", "_depth", "_hosts", "_in_order", "_memo", "_only")

    def __init__(self, rules: Iterable[Rule[_T]]) -> None:
        for _ in self._build(rules):
            pass

    @classmethod
    def steps(cls, rules: Iterable[Rule[_T]]) -> Generator[None, None, Router[_T]]:
        """A router of *rules*, made in many small steps, so that others may have their turn in between."""
        router = cls.__new__(cls)
        yield from router._build(rules)  # noqa: SLF001  # of this very class
        return router

    def _build(self, rules: Iterable[Rule[_T]]) -> Iterator[None]:
        plans: list[RulePlan[_T]] = []
        for rule in rules:
            plans.append(compile_rule(rule))
            yield
        conflicts = Conflicts()
        by_host: dict[HostPattern, list[RulePlan[_T]]] = {}
        for plan in plans:
            conflicts.add(plan)
            for host in plan.hosts:
                by_host.setdefault(host, []).append(plan)
            yield
        for conflict in conflicts.found:
            raise conflict
        yield from conflicts.let_go()
        self._by_host = by_host
        # Made when somebody looks at the rules: requests go by the trees.
        self._in_order: tuple[tuple[HostPattern, RulePlan[_T]], ...] | None = None
        trees: dict[HostPattern, Tree[_T]] = {}
        for host, found in by_host.items():
            trees[host] = yield from Tree.steps(found)
        self._depth = max((tree.depth for tree in trees.values()), default=1)
        # Without host rules the authority is never looked at.
        self._only: tuple[Tree[_T], ...] | None = tuple(trees.values()) if set(trees) <= {ANY_HOST} else None
        self._hosts: HostIndex[Tree[_T]] = HostIndex(trees)
        # Answers that depend on method and path alone, until it is full.
        self._memo: dict[tuple[str, bytes], Match[_T]] | None = self._new_memo(plans)

    def _new_memo(self, plans: Iterable[RulePlan[_T]]) -> dict[tuple[str, bytes], Match[_T]] | None:
        """None where an answer may depend on more: on the host, on fields, on the query."""
        return {} if self._only is not None and all(plan.is_free for plan in plans) else None

    @property
    def _plans(self) -> tuple[tuple[HostPattern, RulePlan[_T]], ...]:
        """Every rule, once for each of its hosts, in order of precedence."""
        if self._in_order is None:
            pairs = [(host, plan) for host, plans in self._by_host.items() for plan in plans]
            pairs.sort(key=lambda pair: (pair[0], pair[1].template.shape, pair[1].rank))
            self._in_order = tuple(pairs)
        return self._in_order

    @classmethod
    def of(cls, routes: Mapping[str, _T]) -> Router[_T]:
        """A router from patterns such as ``/users/{id:int}`` or ``GET,PUT /users/{id:int}``, which also name the rules.

        Raises: ValueError: a pattern that cannot be read. RouteConflict: two that cannot be told apart.
        """
        return cls([Rule(pattern, _match_of(pattern), value) for pattern, value in routes.items()])

    def match(self, method: str, authority: str, target: bytes, headers: Headers = _NO_HEADERS) -> Match[_T] | NoMatch:
        """The rule that a request takes, or why it takes none.

        Args: method: upper case. authority: host and optional port, "" when unknown. target: path and query as they
        came, in origin form, or ``*``. headers: looked at by rules with header conditions only.
        """
        path, _, query = target.partition(b"?")
        memo = self._memo
        if memo is not None:
            known = memo.get((method, path))
            if known is not None:
                return known
        found = self._find(method, authority, path, query, headers)
        if memo is not None and found and len(path) <= _MEMO_PATH_BYTES:
            if len(memo) >= _MEMO_SIZE:
                memo.clear()
            memo[method, path] = found
        return found

    def _find(self, method: str, authority: str, path: bytes, query: bytes, headers: Headers) -> Match[_T] | NoMatch:
        trees = self._only if self._only is not None else self._hosts.entries_for(authority)
        if trees:
            direct = trees[0].direct.get(path)
            if direct is not None:
                found = direct[0].get(method, direct[1])
                if found is not None:
                    return found
        try:
            # Almost every path is its own normal form; this spares them a call.
            normal = path.decode("ascii") if is_plain_path(path) else normalize_path(path)
        except BadPath as exc:
            return self._refuse_path(method, path, exc)
        segments = normal.split("/", self._depth)
        for tree in trees:
            for leaf in tree.leaves(segments):
                for plan in leaf.by_method.get(method, leaf.others):
                    if plan.is_free or plan.unmet(headers, query) is None:
                        return plan.bind(segments)
        return _refuse(method, _methods_taken(trees, segments, headers, query))

    def _refuse_path(self, method: str, path: bytes, exc: BadPath) -> NoMatch:
        # RFC 9110 9.3.7: an OPTIONS request with an asterisk "applies to the server in general".
        if path == b"*" and method == "OPTIONS":
            return _refuse(method, {name for _, plan in self._plans for name in plan.methods or ()} or {"OPTIONS"})
        return NoMatch(400, detail=exc.detail)

    def rules_in_order(self) -> tuple[Rule[_T], ...]:
        """Every rule once, in order of precedence; one with several hosts stands at its most specific one."""
        return tuple({plan.rule.name: plan.rule for _, plan in self._plans}.values())

    def explain(
        self, method: str, authority: str, target: bytes, headers: Headers = _NO_HEADERS
    ) -> tuple[Verdict[_T], ...]:
        """For every rule, once per host pattern and in order of precedence, why it won or lost.

        Args: as ``match``. The rule that ``match`` gives has ``Stage.WON``.
        """
        path, query = split_target(target)
        try:
            question = Question(method, host_of(authority), normalize_path(path), query, headers)
        except BadPath as exc:
            reason = f"the path is refused: {exc.detail}"
            return tuple(Verdict(plan.rule, host.text, Stage.PATH, reason) for host, plan in self._plans)
        return tuple(self._verdicts(question))

    def _verdicts(self, question: Question) -> Iterator[Verdict[_T]]:
        winner: Rule[_T] | None = None
        for host, plan in self._plans:
            found = objection(plan, host, question)
            if found is not None:
                yield Verdict(plan.rule, host.text, *found)
            elif winner is None:
                winner = plan.rule
                yield Verdict(plan.rule, host.text, Stage.WON, "the most specific route that takes the request")
            else:
                yield Verdict(plan.rule, host.text, Stage.PRECEDENCE, f"'{winner.name}' is more specific")

    def pieces(self) -> list[object]:
        """What it is made of, for whoever lets go of it piece by piece."""
        return [plan for plans in self._by_host.values() for plan in plans]

    def __len__(self) -> int:
        return len(self.rules_in_order())

    def __repr__(self) -> str:
        hosts = {host for host, _ in self._plans}
        return f"<Router [{len(self)} routes, {len(hosts)} host patterns]>"


def _match_of(pattern: str) -> MatchConfig:
    methods, _, path = pattern.rpartition(" ")
    return MatchConfig(path=path, methods=tuple(methods.split(",")) if methods else None)


def _methods_taken(trees: Sequence[Tree[_T]], segments: Sequence[str], headers: Headers, query: bytes) -> set[str]:
    """The methods with which the request would have been taken."""
    plans = (plan for tree in trees for leaf in tree.leaves(segments) for plan in leaf.plans)
    return {method for plan in plans if plan.unmet(headers, query) is None for method in plan.methods or ()}


def _refuse(method: str, taken: set[str]) -> NoMatch:
    if not taken:
        return _NOT_FOUND
    allow = tuple(sorted(taken | {"OPTIONS"}))
    if method == "OPTIONS":
        return NoMatch(204, allow)
    # RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
    return NoMatch(405, allow, "this path does not take the method")
