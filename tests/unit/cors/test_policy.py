"""The CORS protocol as a pure rule."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.cors import policy as module
from vizgate.cors.config import CorsConfig
from vizgate.cors.policy import CorsPolicy, PreflightAnswer

APP = b"https://app.example.com"


def policy(**settings: Any) -> CorsPolicy:
    return CorsPolicy(CorsConfig(**{"origins": ("https://app.example.com",), **settings}))


def granted(found: PreflightAnswer) -> dict[bytes, bytes]:
    assert "" == found.refusal
    assert len(dict(found.fields)) == len(found.fields)
    return dict(found.fields)


def test_fields_name_the_origin_that_asks() -> None:
    """Exactly the origin of the page, never a list; with what it may read and whether with credentials."""
    fields = policy(credentials=True, expose=("X-A", "X-B")).fields(APP)
    assert (
        (b"Access-Control-Allow-Origin", APP),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Expose-Headers", b"X-A, X-B"),
    ) == fields


@pytest.mark.parametrize("origin", [b"https://other.example", b"null", b"", b"*", b"https://app.example.com.evil"])
def test_fields_other_origin_gets_none(origin: bytes) -> None:
    """An origin that is not listed, ``null`` like any other, is told nothing."""
    assert () == policy(credentials=True).fields(origin)


def test_fields_star_is_for_everybody_without_credentials() -> None:
    """``*`` stands in the answer as it is, so that a cache can give it to everybody."""
    assert ((b"Access-Control-Allow-Origin", b"*"),) == policy(origins=("*",)).fields(b"null")


def test_preflight_is_granted_with_everything_a_browser_asks_for() -> None:
    """Origin, methods (HEAD goes with GET), header names with those that are safe anyway, and how long it holds."""
    found = policy(methods=("GET", "PUT"), headers=("X-Token",), credentials=True, max_age=600.0).preflight(
        APP, b"PUT", b"content-type, X-TOKEN"
    )
    assert {
        b"Access-Control-Allow-Origin": APP,
        b"Access-Control-Allow-Credentials": b"true",
        b"Access-Control-Allow-Methods": b"GET, PUT, HEAD",
        b"Access-Control-Allow-Headers": b"Accept, Accept-Language, Content-Language, Content-Type, X-Token",
        b"Access-Control-Max-Age": b"600",
    } == granted(found)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "words"),
    [
        (b"https://evil.example", b"GET", b"", "this origin"),
        (b"", b"GET", b"", "this origin"),
        (APP, b"DELETE", b"", "the method 'DELETE'"),
        (APP, b"get", b"", "the method 'get'"),
        (APP, b"GET", b"accept, x-evil", "the header 'x-evil'"),
        (APP, b"GET", b"authorization", "the header 'authorization'"),
        (APP, b"GET", b"*", "the header '*'"),
        (APP, b"GET", b"x" * 9999, "the header 'xxx"),
        (APP, b"GET", b"\xff", r"the header '\xff'"),
    ],
)
def test_preflight_is_refused_with_the_reason(origin: bytes, method: bytes, headers: bytes, words: str) -> None:
    """Methods compare with case, names of headers without; the reason is short and plain ASCII."""
    found = policy().preflight(origin, method, headers)
    assert () == found.fields
    assert found.refusal.startswith(words)
    assert found.refusal.isascii()
    assert len(found.refusal) < 160


def test_preflight_star_stands_for_all_headers_but_authorization() -> None:
    """As in the Fetch standard: Authorization has to be named."""
    every = policy(headers=("*",), methods=("*",))
    assert granted(every.preflight(APP, b"PURGE", b"x-a,x-b"))[b"Access-Control-Allow-Methods"] == b"*"
    assert every.preflight(APP, b"GET", b"Authorization").refusal
    named = policy(headers=("*", "Authorization"))
    assert not named.preflight(APP, b"GET", b"authorization, x-a").refusal


def test_preflight_private_network_is_granted_if_asked_for_and_configured() -> None:
    """A page of the public Internet does not reach into a private network by default."""
    name, open_ = b"Access-Control-Allow-Private-Network", policy(private_network=True)
    assert name not in granted(policy().preflight(APP, b"GET", is_private=True))
    assert name not in granted(open_.preflight(APP, b"GET"))
    assert b"true" == granted(open_.preflight(APP, b"GET", is_private=True))[name]


@given(st.binary(max_size=40), st.binary(max_size=20), st.binary(max_size=60), st.booleans())
def test_any_preflight_never_gives_credentials_to_a_star(
    origin: bytes, method: bytes, headers: bytes, listed: bool
) -> None:
    """Whatever is asked, a granted answer names the very origin, or all of them and no credentials."""
    rule = policy(credentials=True) if listed else policy(origins=("*",))
    found = rule.preflight(APP if listed else origin, method, headers)
    if not found.refusal:
        fields = dict(found.fields)
        assert (b"Access-Control-Allow-Credentials" in fields) == listed
        assert fields[b"Access-Control-Allow-Origin"] == (APP if listed else b"*")
    assert (origin == APP) == bool(policy(credentials=True).fields(origin))


def test_docstring_example_is_true() -> None:
    """What the class shows is what it does."""
    assert 0 == doctest.testmod(module).failed
