"""The router held against a naive one that tries every rule, on random rules and requests."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.message.headers import Headers
from vizgate.message.target import BadPath, normalize_path
from vizgate.router import Match, MatchConfig, Router, Rule, find_conflicts
from vizgate.router.explain import Stage

UUID = "123e4567-e89b-12d3-a456-426614174000"
METHODS = ["GET", "HEAD", "PUT", "OPTIONS"]
HOSTS = ["a.example", "b.a.example", "*.a.example", "*.example"]
KINDS = {"int": "[0-9]{1,18}", "uuid": "[0-9a-f-]{36}", "str": ".+", "path": ".*"}
PARAMETER = re.compile(r"(.*)\{(\w+)(?::(\w+))?\}(.*)")

# -- The naive router: one regular expression per path, a list of rules, and a comparison of every two candidates.


class NaiveRule:
    def __init__(self, name: str, match: dict[str, Any]) -> None:
        self.name = name
        self.match = match
        self.segments = [self._segment(text) for text in match["path"][1:].split("/")]
        self.methods = set(match.get("methods", [])) or None
        self.headers: dict[str, Any] = match.get("headers", {})
        self.query: dict[str, Any] = match.get("query", {})

    @staticmethod
    def _segment(text: str) -> tuple[str, str, str, str]:
        """Kind, name, text before and after."""
        if text == "*":
            return "path", "", "", ""
        found = PARAMETER.fullmatch(text)
        return (found[3] or "str", found[2], found[1], found[4]) if found else ("literal", "", text, "")

    def params(self, path: str) -> dict[str, Any] | None:
        pattern = ""
        for kind, name, before, after in self.segments:
            group = "" if kind == "literal" else f"(?P<{name or 'unnamed'}>{KINDS[kind]})"
            if kind == "str":
                group = group.replace(".+", "[^/]+")
            pattern += "/" + re.escape(before) + group + re.escape(after)
        found = re.fullmatch(pattern, path, re.DOTALL)
        if found is None:
            return None
        kinds = {name: kind for kind, name, _, _ in self.segments if name}
        return {name: int(found[name]) if kind == "int" else found[name] for name, kind in kinds.items()}

    def takes_method(self, method: str) -> bool:
        return self.methods is None or method in self.methods or (method == "HEAD" and "GET" in self.methods)

    def conditions_hold(self, headers: Headers, query: str) -> bool:
        pairs = parse_qsl(query, keep_blank_values=True)
        return all(holds(want, headers.get_all(name)) for name, want in self.headers.items()) and all(
            holds(want, [value for found, value in pairs if found == name]) for name, want in self.query.items()
        )

    def host_rank(self, host: str) -> tuple[int, int] | None:
        """Smaller is better; None when no pattern of the rule is for *host*."""
        ranks = [(2, 0)] if "hosts" not in self.match else []
        for pattern in self.match.get("hosts", []):
            if pattern == host:
                ranks.append((0, 0))
            if pattern[0] == "*" and host.endswith(pattern[1:]):
                ranks.append((1, -len(pattern)))
        return min(ranks, default=None)

    def rank(self) -> tuple[Any, ...]:
        order = ["literal", "int", "uuid", "str", "path"]
        path = []
        for kind, _, before, after in self.segments:
            literal = kind == "literal"
            path.append(
                (kind == "path", not literal, 0 if literal else -len(before + after), order.index(kind), -len(before))
            )
        takes_head_along = self.methods is not None and "GET" in self.methods and "HEAD" not in self.methods
        counts = (self.methods is None, -len(self.headers), -len(self.query), takes_head_along)
        return (path, *counts, condition_ranks(self.headers), condition_ranks(self.query), self.name)


def holds(want: Any, values: list[str]) -> bool:
    if want == "present":
        return bool(values)
    if isinstance(want, dict):
        return any(re.search(want["regex"], value) for value in values)
    return want in values


def condition_ranks(conditions: dict[str, Any]) -> list[tuple[Any, ...]]:
    ranks = []
    for name, want in conditions.items():
        kind = 2 if want == "present" else 1 if isinstance(want, dict) else 0
        ranks.append((kind, name, want if kind == 0 else "", want["regex"] if kind == 1 else ""))
    return sorted(ranks)


def naive_match(
    rules: list[NaiveRule], method: str, host: str, target: str, headers: Headers
) -> tuple[str, dict[str, Any]] | int:
    raw, _, query = target.partition("?")
    try:
        path = normalize_path(raw.encode())
    except BadPath:
        return 400
    candidates = [
        (host_rank, rule.rank(), rule, params)
        for rule in rules
        if (host_rank := rule.host_rank(host)) is not None
        and (params := rule.params(path)) is not None
        and rule.conditions_hold(headers, query)
    ]
    takers = [candidate for candidate in candidates if candidate[2].takes_method(method)]
    if takers:
        _, _, rule, params = min(takers, key=lambda candidate: candidate[:2])
        return rule.name, params
    return (204 if method == "OPTIONS" else 405) if candidates else 404


# -- Random rules and requests over so few words that they meet often.

literals = st.sampled_from(["a", "b", "ab", "7", "%2F"])
parameters = st.sampled_from(
    ["{%s}", "{%s:int}", "{%s:uuid}", "a{%s}", "{%s}b", "a{%s}b", "a{%s:int}", "{%s:int}b", "ab{%s}"]
)


@st.composite
def templates(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(literals | parameters, max_size=4))
    end = draw(st.sampled_from(["", "", "", "/", "/*", "/{rest:path}"]))
    text = "".join("/" + (piece % f"p{i}" if "%s" in piece else piece) for i, piece in enumerate(pieces)) + end
    return text or "/"


conditions = st.dictionaries(
    st.sampled_from(["x", "y"]), st.sampled_from(["1", "2", "present", {"regex": "^1"}, {"regex": "2$"}]), max_size=2
)
matches = st.fixed_dictionaries(
    {"path": templates()},
    optional={
        "methods": st.lists(st.sampled_from(METHODS), min_size=1, max_size=2, unique=True),
        "hosts": st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2, unique=True),
        "headers": conditions,
        "query": conditions,
    },
)
words = st.sampled_from(
    ["a", "b", "ab", "aab", "abb", "a7", "7b", "7", "x", UUID, "%61", "%2F", "", ".", "..", "caf%C3%A9", "\\"]
)
targets = st.builds(
    lambda pieces, query: "/" + "/".join(pieces) + query,
    st.lists(words, max_size=5),
    st.sampled_from(["", "?", "?x=1", "?x=12&y=2", "?y", "?x=2&x=1"]),
)
header_lists = st.lists(st.tuples(st.sampled_from(["X", "y"]), st.sampled_from(["1", "2", "12", ""])), max_size=3)
hosts = st.sampled_from(["a.example", "b.a.example", "c.b.a.example", "B.Example:80", "other", ""])


def known_host(authority: str) -> str:
    return authority.lower().partition(":")[0]


@settings(max_examples=400, deadline=None)
@given(st.lists(matches, max_size=12), st.data())
def test_router_agrees_with_the_naive_one(configs: list[dict[str, Any]], data: st.DataObject) -> None:
    """The same winner, parameters and status as trying every rule and taking the most specific one that holds."""
    rules: list[Rule[int]] = []
    naive: list[NaiveRule] = []
    for number, config in enumerate(configs):
        new = Rule(f"r{number:02}", MatchConfig.model_validate(config), number)
        if not find_conflicts([*rules, new]):
            rules.append(new)
            naive.append(NaiveRule(new.name, config))
    router = Router(data.draw(st.permutations(rules)))
    for _ in range(5):
        method, host, target = data.draw(st.sampled_from([*METHODS, "POST"])), data.draw(hosts), data.draw(targets)
        headers = Headers.of(data.draw(header_lists))
        found = router.match(method, host, target.encode(), headers)
        got = (found.rule.name, dict(found.params)) if isinstance(found, Match) else found.status
        expected = naive_match(naive, method, known_host(host), target, headers)
        if isinstance(expected, tuple):
            decoded = {
                name: value if name == "rest" or isinstance(value, int) else value.replace("%2F", "/")
                for name, value in expected[1].items()
            }
            expected = (expected[0], decoded)
        assert got == expected
        won = [v.rule.name for v in router.explain(method, host, target.encode(), headers) if v.stage is Stage.WON]
        assert won == ([found.rule.name] if isinstance(found, Match) else [])
