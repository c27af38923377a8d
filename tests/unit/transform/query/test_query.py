"""``use: query``."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.query.change import QueryChange
from vizgate.transform.query.config import QueryConfig
from vizgate.transform.query.middleware import QueryMiddleware


def changed(query: bytes, **config: Any) -> bytes:
    request = Request("GET", b"/x?" + query, client="192.0.2.1")
    request.params = {"id": "a&b=c"}
    return QueryChange(QueryConfig.model_validate(config)).apply(query, request)


@pytest.mark.parametrize(
    ("query", "config", "result"),
    [
        (b"a=1&b=2&a=3", {"remove": ["a"]}, b"b=2"),
        (b"a=1&b=2&c", {"keep": ["b", "c"]}, b"b=2&c"),
        (b"a=1&b=%32&b", {"rename": {"b": "c d"}}, b"a=1&c%20d=%32&c%20d"),
        (b"a=1&b=2", {"set": {"a": ["x", "y"]}}, b"b=2&a=x&a=y"),
        (b"a=1", {"add": {"a": "2", "q": "\u00e9&"}}, b"a=1&a=2&q=%E9%26"),
        (b"", {"add": {"ip": "{client}"}}, b"ip=192.0.2.1"),
        (b"", {"set": {"id": "{params.id}"}}, b"id=a%26b%3Dc"),
        (b"id=7", {"set": {"id": "{params.nobody}"}}, b""),
        (b"%61=1&a%20b=2&a+b=3", {"remove": ["a", "a b"]}, b""),
        (b"b=1&a=2", {"rename": {"a": "b"}, "set": {"b": "3"}}, b"b=3"),
        (b"k=%2F%2f+&&x", {"remove": ["y"]}, b"k=%2F%2f+&x"),
    ],
)
def test_change_example(query: bytes, config: dict[str, Any], result: bytes) -> None:
    """In the order keep, remove, rename, set, add; what is not named stays byte for byte."""
    assert result == changed(query, **config)


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=6), st.text(max_size=20))
def test_value_is_one_parameter_whatever_it_holds(pairs: list[tuple[str, str]], value: str) -> None:
    """A value of the request adds exactly the parameter that was meant, and changes no other."""
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs).encode()
    request = Request("GET", b"/")
    request.params = {"v": value}
    result = QueryChange(QueryConfig(add={"new": "{params.v}"})).apply(query, request)
    others = list(parse_qsl(query.decode(), keep_blank_values=True))
    assert [*others, *([("new", value)] if value else [])] == parse_qsl(result.decode(), keep_blank_values=True)


@pytest.mark.parametrize(
    ("target", "sent"), [(b"/x", b"/x"), (b"/x?a=1", b"/x"), (b"/x?a=1&b=2?", b"/x?b=2?"), (b"/x?", b"/x?")]
)
async def test_middleware_changes_the_query_alone(target: bytes, sent: bytes) -> None:
    """The path stays; an empty query leaves no question mark behind, unless it came so."""
    seen = []

    async def service(request: Request) -> Response:
        seen.append(request.target)
        return Response(200)

    await QueryMiddleware(QueryConfig(remove=("a",)))(Request("GET", target), service)
    assert [sent] == seen


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "nothing to change"),
        ({"set": {"a": 1}}, "a value is text"),
        ({"add": {"a": "{nobody}"}}, "no value is called"),
    ],
)
def test_config_refuses(config: dict[str, Any], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        QueryConfig.model_validate(config)
