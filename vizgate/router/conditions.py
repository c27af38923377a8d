"""Conditions on headers and query parameters, with regular expressions that cannot run away.

In: what a condition is, when it holds, and which patterns are refused. Not in: how the YAML spells one
(``router.config``).

A condition holds when one of the values of its name fulfils it. Names of headers compare without case; a query is
read as a form: ``+`` is a space, triplets are decoded once.

Python's regular expressions backtrack, so a pattern is held against a budget when it is loaded: the number of ways it
could be tried on the longest value it will ever see. What makes that number explode is refused outright: a repetition
inside a repetition, alternatives inside a repetition, back-references and look-around. Values longer than
``Pattern.max_length`` do not match: it is 8192 for most patterns, less for those with several ``*`` or ``+``.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from vizgate.errors import VizgateError
from vizgate.message.headers import Field

# The parser of ``re`` itself. Its names are private, but the same from 3.11 on; a second parser would disagree with it.
_parser: Any = importlib.import_module("re._parser")
_constants: Any = importlib.import_module("re._constants")

_MAX_PATTERN = 512
_MAX_VALUE = 8192
_MIN_VALUE = 256
#: Steps of the matcher that a pattern may take on one value, counted high: a few milliseconds at worst.
_BUDGET = 2_000_000

_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
_FREE = frozenset({"AT"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_REFUSED = {
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
}


class PatternError(VizgateError, ValueError):
    """A regular expression that is malformed, or could take too long."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression with the longest value it will be tried on."""

    regex: re.Pattern[str]
    max_length: int

    def is_in(self, value: str) -> bool:
        """Whether the expression is found in *value*; a value over ``max_length`` has it never."""
        return len(value) <= self.max_length and self.regex.search(value) is not None


def check_pattern(text: str) -> Pattern:
    """The expression *text*, ready to be used.

    Raises: PatternError: malformed, or its worst case is over the budget; the message says what to write instead.
    """
    if len(text) > _MAX_PATTERN:
        raise PatternError(f"the regex is longer than {_MAX_PATTERN} characters")
    try:
        regex = re.compile(text)
        tree = list(_parser.parse(text))
    except (re.error, RecursionError, OverflowError) as exc:
        raise PatternError(f"not a regex: {exc}") from exc
    cost = _sequence_cost(_without_tail(tree))
    starts = 0 if _is_anchored(tree) and not regex.flags & re.MULTILINE else 1
    length = _longest_value(cost.ways * (cost.width + 1), cost.unbounded + starts)
    if length < _MIN_VALUE:
        raise PatternError(
            "the regex could take too long: it leaves too many ways to try. Begin it with ^ and use fewer * + ? {m,n}"
        )
    return Pattern(regex, length)


def _without_tail(tree: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """*tree* without a repetition at its end: nothing follows, so the first way to match it is the only one tried."""
    if tree and str(tree[-1][0]) in _REPEATS and _sequence_cost(tree[-1:]).width:
        return tree[:-1]
    return tree


def _longest_value(ways: int, degree: int) -> int:
    """The longest value for which *ways* times length to the power of *degree* stays in the budget."""
    if ways > _BUDGET:
        return 0
    return _MAX_VALUE if degree == 0 else min(_MAX_VALUE, int((_BUDGET / ways) ** (1 / degree)))


@dataclass(frozen=True, slots=True)
class _Cost:
    """An upper bound of the ways to match: *ways* times the length of the value to the power of *unbounded*.

    ``width``: the most characters that its fixed parts take.
    """

    ways: int = 1
    unbounded: int = 0
    width: int = 0

    def then(self, other: _Cost) -> _Cost:
        return _Cost(self.ways * other.ways, self.unbounded + other.unbounded, self.width + other.width)


def _sequence_cost(items: Iterable[tuple[Any, Any]]) -> _Cost:
    total = _Cost()
    for operation, argument in items:
        total = total.then(_item_cost(str(operation), argument))
    return total


def _item_cost(operation: str, argument: Any) -> _Cost:
    if operation in _SINGLE:
        return _Cost(width=1)
    if operation in _FREE:
        return _Cost()
    if operation == "SUBPATTERN":
        # A group costs the matcher a step on each way through it, as a character does.
        return _sequence_cost(argument[-1]).then(_Cost(width=1))
    if operation == "ATOMIC_GROUP":
        return _sequence_cost(argument)
    if operation == "BRANCH":
        return _branch_cost([_sequence_cost(branch) for branch in argument[1]])
    if operation in _REPEATS:
        return _repeat_cost(*argument)
    raise PatternError(f"{_REFUSED.get(operation, operation)} is not supported in a regex here")


def _branch_cost(branches: Sequence[_Cost]) -> _Cost:
    return _Cost(
        sum(branch.ways for branch in branches),
        max(branch.unbounded for branch in branches),
        max(branch.width for branch in branches),
    )


def _repeat_cost(low: int, high: int, body: Any) -> _Cost:
    cost = _sequence_cost(body)
    if high <= 1:
        return _Cost(cost.ways + 1 - low, cost.unbounded, cost.width)
    if cost.ways > 1 or cost.unbounded:
        raise PatternError(
            "the regex repeats something that can match in more than one way, which can take exponential time. "
            "Write [...]+ instead of (...|...)+, and no * + ? inside a repetition"
        )
    if high is _constants.MAXREPEAT or high > _MAX_VALUE:
        return _Cost(1, 1, (low + 1) * cost.width)
    return _Cost(high - low + 1, 0, high * cost.width)


def _is_anchored(tree: Sequence[tuple[Any, Any]]) -> bool:
    """Whether a match can begin at the start of the value only."""
    if not tree:
        return False
    operation, argument = tree[0]
    if str(operation) == "SUBPATTERN":
        return _is_anchored(argument[-1])
    return bool(operation is _constants.AT and argument in {_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING})


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: *exact*, or *pattern*, or any value when both are None.

    ``name`` is a lower-case header name or the name of a query parameter, as it will be looked for.
    """

    name: bytes
    exact: bytes | None = None
    pattern: Pattern | None = None

    @property
    def key(self) -> tuple[int, bytes, bytes, str]:
        """Its place in the order of precedence: exact, regex, present; then by name and value."""
        if self.exact is not None:
            return (0, self.name, self.exact, "")
        if self.pattern is not None:
            return (1, self.name, b"", self.pattern.regex.pattern)
        return (2, self.name, b"", "")

    def holds_for(self, value: bytes) -> bool:
        """Whether *value* fulfils it."""
        if self.exact is not None:
            return value == self.exact
        return self.pattern is None or self.pattern.is_in(value.decode("utf-8", "surrogateescape"))

    def __str__(self) -> str:
        name = self.name.decode("utf-8", "replace")
        if self.exact is not None:
            return f"{name}={self.exact.decode('utf-8', 'replace')!r}"
        return f"{name}~/{self.pattern.regex.pattern}/" if self.pattern is not None else f"{name} present"


def unmet_header(conditions: Sequence[Condition], fields: Sequence[Field]) -> Condition | None:
    """The first of *conditions* that no line of *fields* fulfils; None when all hold."""
    for condition in conditions:
        name, size = condition.name, len(condition.name)
        for found, value in fields:
            # Lengths first: most names differ in it, and lower() is the dear part.
            if len(found) == size and found.lower() == name and condition.holds_for(value):
                break
        else:
            return condition
    return None


def unmet_query(conditions: Sequence[Condition], query: bytes) -> Condition | None:
    """The first of *conditions* that no parameter of *query* fulfils; None when all hold."""
    # Nothing is kept of the parameters that no condition asks for: a client may send thousands.
    values: dict[bytes, list[bytes]] = {condition.name: [] for condition in conditions}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        found = values.get(_decode(name)) if part else None
        if found is not None:
            found.append(_decode(value))
    for condition in conditions:
        if not any(map(condition.holds_for, values[condition.name])):
            return condition
    return None


def _decode(text: bytes) -> bytes:
    if b"+" in text:
        text = text.replace(b"+", b" ")
    return unquote_to_bytes(text) if b"%" in text else text
