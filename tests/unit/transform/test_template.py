"""The rules of templates."""

from __future__ import annotations

import pytest

from vizgate.transform.template import Placeholder, Template, parse_template, route_params


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("/a/b", ("/a/b",)),
        ("/a/{id}", ("/a/", Placeholder("id"))),
        ("{a}-{b_2}", (Placeholder("a"), "-", Placeholder("b_2"))),
        ("/caf%C3%A9/{id}/x", ("/caf%C3%A9/", Placeholder("id"), "/x")),
    ],
)
def test_parse_template_valid_gives_parts(text: str, parts: tuple[str | Placeholder, ...]) -> None:
    """Literal text and names in braces, in order."""
    assert parse_template(text) == Template(parts)


def test_names_used_twice_are_told_once() -> None:
    """The names of a template are its parameters in order of first use."""
    assert parse_template("/{b}/{a}/{b}").names == ("b", "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/{id", r"lone '\{'.*%7B"),
        ("/id}", r"lone '\}'.*%7D"),
        ("/{{id}}", r"lone '\{'"),
        ("/{}", r"'\{\}' is not a parameter"),
        ("/{1a}", "is not a parameter"),
        ("/{id:int}", r"Write \{id\}"),
        ("/a b", "Write %20"),
        ("/é", "Write %C3%A9"),
        ("/a\r\nb", "Write %0D"),
        ("/100%", "Write %25"),
        ("/a\\b", "Write %5C"),
        ("/\udc80", "cannot stand in a URI"),
    ],
)
def test_parse_template_invalid_is_refused_with_remedy(text: str, message: str) -> None:
    """What may not stand in a template is refused, and the message says what to write."""
    with pytest.raises(ValueError, match=message):
        parse_template(text)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/users", {}),
        ("/api/v{version:int}/users/{id}", {"version": "int", "id": "str"}),
        ("/files/{rest:path}", {"rest": "path"}),
        ("/shop/*", {}),
    ],
)
def test_route_params_gives_names_and_types(path: str, params: dict[str, str]) -> None:
    """The parameters of a route's path, with ``str`` for one without a type."""
    assert route_params(path) == params
