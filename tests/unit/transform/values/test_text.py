"""Texts with values of a request in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import HeadersConfig, RequestFieldChanges
from vizgate.transform.fields import compile_changes
from vizgate.transform.middleware import HeadersMiddleware
from vizgate.transform.values.text import ValueText

CLAIMS = {
    "email": "a@example.com",
    "org": {"id": 7, "name": "acme"},
    "https://example.com/tier": "gold",
    "groups": ["a", "b"],
    "admin": True,
    "none": None,
    "empty": "",
    "split": "a\r\nX-Evil: 1",
}


def request(**more: Any) -> Request:
    fields = Headers([(b"X-A", b"caf\xc3\xa9"), (b"Cookie", b"sid=abc; x=1")])
    made = Request(
        "GET",
        b"/users/7?page=2&page=3",
        fields,
        authority="api.example.com",
        client="192.0.2.1",
        id="r-1",
        scheme="https",
        **more,
    )
    made.params = {"id": 7, "name": "a b"}
    made.route = "user"
    made.identity = Identity("acme", "premium", frozenset({"b", "a"}), claims=CLAIMS)
    return made


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("fixed", b"fixed"),
        (
            "{client} {host} {method} {path} {query} {route} {scheme}",
            b"192.0.2.1 api.example.com GET /users/7 page=2&page=3 user https",
        ),
        ("{request.id}", b"r-1"),
        ("{user}/{tier}/{scopes}", b"acme/premium/a b"),
        ("{params.id}-{params.name}", b"7-a b"),
        ("{claims.email}", b"a@example.com"),
        ("{claims.org.id} {claims.org}", b'7 {"id":7,"name":"acme"}'),
        ("{claims.groups} {claims.admin}", b"a,b true"),
        ("{header.x-a}", b"caf\xc3\xa9"),
        ("{cookie.sid}", b"abc"),
        ("{query.page}", b"2"),
        ("{claims.nobody:-anonymous}", b"anonymous"),
        ("{claims.empty:-x}", b"x"),
        ("{{client}} is {client}", b"{client} is 192.0.2.1"),
        (
            '{"group":"default","endpoints":[{"url":"https://a"}]}',
            b'{"group":"default","endpoints":[{"url":"https://a"}]}',
        ),
        ('{"a":{"b":1}}', b'{"a":{"b":1}}'),
        ("a{color:red} {} { client }", b"a{color:red} {} { client }"),
        ("x{claims.nobody}", None),
        ("{claims.none}", None),
        ("{claims.empty}", None),
        ("{claims.org.nobody}", None),
        ("{params.nobody}", None),
        ("{header.X-B}", None),
        ("{cookie.y}", None),
        ("{query.nobody}", None),
    ],
)
def test_fill_takes_values_of_the_request(text: str, filled: bytes | None) -> None:
    """Each name stands for what it says; a missing value takes the text with it, unless there is a default."""
    assert filled == ValueText(text).fill(request())


@pytest.mark.parametrize("text", ["{user}", "{tier}", "{scopes}", "{claims.email}"])
def test_fill_without_identity_has_none_of_it(text: str) -> None:
    """Nobody was verified: nothing is told of them."""
    one = request()
    one.identity = None
    assert ValueText(text).fill(one) is None


@pytest.mark.parametrize("text", ["{clinet}", "{claims}", "{header.a b}", "{unknown.x}"])
def test_unknown_value_is_refused(text: str) -> None:
    """A slip of the keyboard is told when the configuration is loaded."""
    with pytest.raises(ValueError, match=r"value|field name"):
        ValueText(text)


def test_text_without_placeholder_is_fixed() -> None:
    """It is compiled once and costs nothing more."""
    assert b"a {b" == ValueText("a {b").fixed
    assert ValueText("{client}").fixed is None


@given(st.text(max_size=60))
def test_any_text_is_a_text_or_refused(text: str) -> None:
    """Whatever is written, it is taken or refused with words; filling never fails."""
    try:
        made = ValueText(text)
    except ValueError:
        return
    filled = made.fill(request())
    assert filled is None or isinstance(filled, bytes)


@given(st.binary(max_size=30))
def test_no_value_can_split_a_message(value: bytes) -> None:
    """Whatever a client sends, what comes of it is one line without control bytes, or none."""
    plan = compile_changes(RequestFieldChanges(set={"X-B": "v={header.x-c}"}))
    assert plan is not None
    one = Request("GET", b"/", Headers([(b"X-C", value)]))
    raw = [*one.headers.raw]
    plan.apply(raw, one)
    for _, line in raw[1:]:
        assert not set(line) & {0, 10, 13}
        assert line.startswith(b"v=")


async def _seen(config: dict[str, Any], one: Request) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []

    async def service(passed: Request) -> Response:
        seen.extend(passed.headers.items())
        return Response(200, Headers.of([("X-R", "1"), ("Content-Type", "text/plain"), ("Server", "s")]))

    response = await HeadersMiddleware(HeadersConfig.model_validate(config))(one, service)
    return [*seen, *response.headers.items()]


async def test_headers_with_values_each_way() -> None:
    """Values of the request go to the service, and of the same request to the client; lines without a value are out."""
    config = {
        "request": {
            "set": {"X-A": "{claims.email}", "X-User": ["{user}", "{claims.nobody}"]},
            "add": {"X-Evil": "{claims.split}"},
        },
        "response": {"add": {"X-Id": "{request.id}"}, "keep": []},
    }
    assert [
        ("Cookie", "sid=abc; x=1"),
        ("X-A", "a@example.com"),
        ("X-User", "acme"),
        ("Content-Type", "text/plain"),
        ("X-Id", "r-1"),
    ] == await _seen(config, request())  # fmt: skip


async def test_set_without_value_still_drops_what_the_client_said() -> None:
    """A field that is set from a claim can never be the client's own."""
    one = request()
    one.headers["X-Email"] = "forged@example.com"
    seen = await _seen({"request": {"set": {"X-Email": "{claims.nobody}"}}}, one)
    assert "X-Email" not in [name for name, _ in seen]


async def test_value_may_be_that_of_a_field_that_goes() -> None:
    """A field can be renamed: its value is taken before it is removed."""
    seen = await _seen({"request": {"set": {"X-New": "{header.X-A}"}, "remove": ["X-A"]}}, request())
    assert [("Cookie", "sid=abc; x=1"), ("X-New", "caf\u00c3\u00a9")] == seen[:2]


async def test_keep_drops_everything_else_but_what_the_gateway_says() -> None:
    """An allow-list: the content's own fields and those of the gateway stay, the client's others go."""
    one = Request(
        "POST",
        b"/",
        Headers.of(
            [("Accept", "*/*"), ("Cookie", "a=1"), ("Content-Type", "a/b"), ("X-Forwarded-For", "1"), ("Via", "1.1 v")]
        ),
    )
    seen = await _seen({"request": {"keep": ["accept"]}}, one)
    assert ["Accept", "Content-Type", "X-Forwarded-For", "Via", "X-R", "Content-Type", "Server"] == [
        name for name, _ in seen
    ]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"request": {"set": {"X-A": "{clinet}"}}}, r"Did you mean \{client\}"),
        ({"request": {"keep": ["X-A"], "remove": ["x-a"]}}, "both kept and removed"),
        ({"request": {"keep": ["Connection"]}}, "belongs to one connection"),
    ],
)
def test_config_refuses(config: dict[str, Any], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        HeadersConfig.model_validate(config)
