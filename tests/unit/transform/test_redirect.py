"""The rules of ``redirect``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import BadRequest
from vizgate.message.headers import Headers
from vizgate.message.target import BadPath
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import RedirectConfig
from vizgate.transform.redirect import Redirect


async def _answer(to: str, route: str = "/docs", status: int = 307, **params: Any) -> Response:
    request = Request("GET", b"/docs?from=here", Headers())
    request.params = params
    return await Redirect(RedirectConfig.model_validate({"to": to, "status": status}), route)(request)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_fixed_place_is_sent_as_written(status: int) -> None:
    """The answer has the status and the place of the configuration, no body, and nothing of the request."""
    response = await _answer("https://docs.example.com/a?b=c#d", status=status)
    assert response.status == status
    assert response.headers.items() == [("Location", "https://docs.example.com/a?b=c#d")]
    assert response.body.data == b""
    assert response.local


@pytest.mark.parametrize(
    ("to", "route", "params", "location"),
    [
        (
            "https://new.example.com/users/{id}",
            "/u/{id}",
            {"id": "a b/ö"},
            "https://new.example.com/users/a%20b%2F%C3%B6",
        ),
        ("https://new.example.com/{rest}", "/{rest:path}", {"rest": "a/b%2Fc"}, "https://new.example.com/a/b%2Fc"),
        ("https://[::1]:8443/{id}", "/u/{id:int}", {"id": 7}, "https://[::1]:8443/7"),
        ("/login?next={rest}", "/{rest:path}", {"rest": "a/b&admin=1#x"}, "/login?next=a%2Fb%26admin%3D1%23x"),
        ("/a#{id}", "/u/{id}", {"id": "x&y"}, "/a#x%26y"),
        ("https://new.example.com?id={id}", "/u/{id}", {"id": "x"}, "https://new.example.com?id=x"),
        ("/a?b={id}", "/u/{id}", {"id": "\r\nX: y"}, "/a?b=%0D%0AX%3A%20y"),
    ],
)
async def test_redirect_parameters_are_data(to: str, route: str, params: dict[str, Any], location: str) -> None:
    """Path parameters fill their places encoded: in a query no value becomes a parameter of its own."""
    assert (await _answer(to, route, **params)).headers["Location"] == location


@pytest.mark.parametrize("rest", ["/evil.example/x", "//evil.example/x"])
async def test_redirect_rest_that_begins_with_slash_stays_on_this_host(rest: str) -> None:
    """A rest of path cannot make ``//host`` of a path: no open redirect."""
    assert (await _answer("/{rest}", "/{rest:path}", rest=rest)).headers["Location"] == "/evil.example/x"


@pytest.mark.parametrize("value", ["..", "a/../b", "\r\nSet-Cookie: a=b", "\0", "\\evil.example"])
async def test_redirect_value_that_is_no_segment_is_400(value: str) -> None:
    """Dot segments, control bytes and backslashes never get into the path of a redirect."""
    with pytest.raises(BadPath):
        await _answer("https://new.example.com/users/{id}", "/u/{id}", id=value)


@given(st.text(max_size=12))
async def test_redirect_any_value_keeps_the_host(value: str) -> None:
    """Whatever a parameter holds, scheme and host are those of the configuration."""
    try:
        location = (await _answer("https://new.example.com/{id}?q={id}", "/u/{id}", id=value)).headers["Location"]
    except (BadRequest, UnicodeEncodeError):
        return
    assert location.startswith("https://new.example.com/")
    assert location.isascii()
    assert location.isprintable()


def test_redirect_unknown_parameter_is_refused() -> None:
    """A place that could never be filled in is told when the configuration is loaded."""
    with pytest.raises(ValueError, match=r"has no parameter \{page\}"):
        Redirect(RedirectConfig(to="/docs/{page}"), "/docs/{id}")


def test_redirect_repr_tells_where() -> None:
    """The repr says where a route leads."""
    assert repr(Redirect(RedirectConfig(to="/docs"), "/*")) == "<Redirect [307 /docs]>"
