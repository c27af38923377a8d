"""Conditions on headers and query, and the regular expressions that are refused because they could run away."""

from __future__ import annotations

import time

import pytest

from vizgate.router.conditions import Condition, PatternError, check_pattern, unmet_header, unmet_query

# Patterns known for exponential or high polynomial time, from advisories and the literature on ReDoS.
EVIL = [
    r"(a+)+$",
    r"([a-zA-Z]+)*$",
    r"(a|aa)+$",
    r"(a|a?)+$",
    r"(.*a){20}",
    r"(x+x+)+y",
    r"(a?){30}a{30}",
    "a?" * 30 + "a" * 30,
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"^(\d+)*$",
    r"^.*.*.*.*.*$",
    r"(a{1,5}){1,5}",
    r"((a*)b)*",
    r"a*a*a*a*b",
    r"\s*,\s*,\s*,\s*x",
    r"(?:(?:a{0,50}){0,50}){0,50}",
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    r"(\w+)\1",
    r"(?=(a+))\1",
    r"(?<!a)b",
    r"(a)?(?(1)b|c)",
    "(" * 200 + "a+" + ")" * 200,
]

# Patterns people write, and some that come close to the limit.
GOOD = [
    r"^y",
    r"^(foo|bar)$",
    r"(^|; )canary=1(;|$)",
    r"android.*mobile",
    r"(?i)^mozilla/.*chrome/[0-9]+",
    r"^v[0-9]+\.[0-9]+$",
    r"^\d{3}-\d{4}$",
    r"[^;]*;",
    r"\s+$",
    r"(a|b)+",
    r"(?:ab)+c",
    r"^.*a.*b",
    r"(?:a*|b*)c",
    r"a{0,30}b",
    r"a?a?a?a?a?aaaaa",
    r"(?m)^a*b",
    r"^(?>a+)b",
    r"a++b",
    r"[a-z]+[0-9]+",
    "(" * 20 + "a+" + ")" * 20 + "b",
    r"",
]


def holds(condition: Condition, *values: bytes) -> bool:
    return unmet_header([condition], [(condition.name.upper(), value) for value in values]) is None


@pytest.mark.parametrize("text", EVIL)
def test_check_pattern_evil_is_refused(text: str) -> None:
    """Nested or ambiguous repetition is an error when the configuration is loaded."""
    with pytest.raises(PatternError):
        check_pattern(text)


@pytest.mark.parametrize("text", ["(", "[", "a{2,1}", "*a", "(?P<n>a)(?P<n>b)", "a" * 600])
def test_check_pattern_malformed_is_refused(text: str) -> None:
    """What ``re`` cannot compile, or is too long, is told as our own error."""
    with pytest.raises(PatternError):
        check_pattern(text)


@pytest.mark.parametrize("text", GOOD)
def test_check_pattern_accepted_stays_quick_on_its_worst_values(text: str) -> None:
    """On the longest values it is tried on, an accepted pattern takes milliseconds; the bound leaves room."""
    pattern = check_pattern(text)
    worst = 0.0
    for unit in ("a", "ab", "b", "0", "a0", " ", ";", "; canary=", "abc", "android", "mozilla/chrome/", "v1.", "\n"):
        value = (unit * pattern.max_length)[: pattern.max_length - 1]
        for tried in (value, value + "!"):
            began = time.process_time()
            pattern.is_in(tried)
            worst = max(worst, time.process_time() - began)
    assert worst < 0.05


def test_pattern_value_over_its_length_does_not_match() -> None:
    """A longer value is not tried at all."""
    pattern = check_pattern("a.*b")
    assert pattern.max_length >= 256
    assert pattern.is_in("a" + "x" * (pattern.max_length - 2) + "b")
    assert not pattern.is_in("a" + "x" * (pattern.max_length - 1) + "b")


def test_header_conditions_hold_when_one_line_fulfils_them() -> None:
    """Exact compares the whole value with case, regex is searched, present takes any value, the empty one too."""
    exact = Condition(b"x-a", exact=b"yes")
    assert holds(exact, b"yes")
    assert holds(exact, b"no", b"yes")
    assert not holds(exact, b"Yes")
    assert not holds(exact, b"yes, no")
    assert not holds(exact)
    regex = Condition(b"x-a", pattern=check_pattern("^y"))
    assert holds(regex, b"yes")
    assert not holds(regex, b"my")
    assert holds(Condition(b"x-a", pattern=check_pattern("\u00e9")), b"\xc3\xa9")
    assert holds(Condition(b"x-a"), b"")
    assert not holds(Condition(b"x-a"))


def test_unmet_header_names_the_first_that_does_not_hold() -> None:
    """Every condition must hold."""
    first, second = Condition(b"x-a"), Condition(b"x-b", exact=b"1")
    assert unmet_header([first, second], [(b"X-A", b""), (b"X-C", b"1")]) == second
    assert unmet_header([first, second], [(b"X-B", b"1")]) == first
    assert unmet_header([first, second], [(b"x-b", b"1"), (b"X-A", b"")]) is None


@pytest.mark.parametrize(
    ("query", "is_met"),
    [
        (b"debug=1", True),
        (b"a=b&debug=1&c", True),
        (b"debug=0&debug=1", True),
        (b"%64ebug=%31", True),
        (b"debug=%2531", False),
        (b"debug=1%20", False),
        (b"debug", False),
        (b"Debug=1", False),
        (b"debug=1;x", False),
        (b"", False),
        (b"xdebug=1", False),
    ],
)
def test_unmet_query_reads_the_query_as_a_form(query: bytes, is_met: bool) -> None:
    """Names and values are decoded once and compared with case; a parameter may come more than once."""
    assert (unmet_query([Condition(b"debug", exact=b"1")], query) is None) == is_met


def test_unmet_query_plus_is_a_space_and_present_needs_no_value() -> None:
    """As browsers send forms."""
    assert unmet_query([Condition(b"a b", exact=b"c d")], b"a+b=c+d") is None
    assert unmet_query([Condition(b"a")], b"a") is None
    assert unmet_query([Condition(b"a")], b"b=a") == Condition(b"a")


@pytest.mark.parametrize("unit", [b"&", b"a&", b"a=b&", b"%61=%62&", b"+"])
def test_unmet_query_100_kib_takes_little_time(unit: bytes) -> None:
    """The cost grows with the length of the query."""
    query = unit * (102_400 // len(unit))
    began = time.process_time()
    unmet_query([Condition(b"x", exact=b"1"), Condition(b"y")], query)
    assert time.process_time() - began < 0.2


def test_condition_as_text_says_what_is_wanted() -> None:
    """It stands in explanations."""
    assert str(Condition(b"x-a", exact=b"1")) == "x-a='1'"
    assert str(Condition(b"x-a", pattern=check_pattern("^y"))) == "x-a~/^y/"
    assert str(Condition(b"x-a")) == "x-a present"
