"""The rules of the grammar that stands before both codecs; what it refuses is in the tests of the readers."""

from __future__ import annotations

import pytest

from vizgate.errors import BadRequest, MethodNotImplemented
from vizgate.wire.grammar import METHODS, REQUEST_HEAD, RESPONSE_HEAD, TRAILERS, check_method, request_problem


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b" X: 1", "obs-fold"),
        (b"X : 1", "white space between a field name and its colon"),
        (b"X", "malformed field line"),
        (b"X@: 1", "malformed field line"),
    ],
)
def test_request_problem_names_the_fault(line: bytes, message: str) -> None:
    """Who sent a malformed head is told what is wrong with it (RFC 9112 5.1, 5.2)."""
    problem = request_problem(b"GET / HTTP/1.1\r\nA: 1\r\n" + line + b"\r\n\r\n")
    assert isinstance(problem, BadRequest)
    assert message in problem.detail


def test_request_problem_without_a_known_fault_is_still_one() -> None:
    """What is not a head is refused even when no line of it shows why."""
    assert request_problem(b"GET / HTTP/1.1\r\nA: 1\r\n\r\n").detail == "malformed head"


def test_check_method_lets_known_methods_pass() -> None:
    """Every method that is forwarded passes; CONNECT and TRACE are not among them (RFC 9110 9.3.6, 9.3.8)."""
    for method in METHODS:
        check_method(method)
    for method in (b"CONNECT", b"TRACE"):
        with pytest.raises(MethodNotImplemented):
            check_method(method)


@pytest.mark.parametrize(
    "block",
    [
        b"GET / HTTP/1.1\r\n" + b"X: " + b" \t" * 100_000 + b"\0\r\n\r\n",
        b"A" * 200_000,
        b"GET " + b"/" * 200_000,
        b"HTTP/1.1 200 " + b" " * 200_000 + b"\0",
        b"X:\r\n" * 50_000 + b":",
        b"GET / HTTP/1.1\r\n" + b"X:\r\n" * 50_000 + b"\n",
    ],
)
@pytest.mark.timeout(5)
def test_patterns_any_long_fault_match_in_linear_time(block: bytes) -> None:
    """Every quantifier is possessive, so a long head that is wrong at its end is tried once (CWE-1333)."""
    for pattern in (REQUEST_HEAD, RESPONSE_HEAD, TRAILERS):
        assert pattern.fullmatch(block) is None
