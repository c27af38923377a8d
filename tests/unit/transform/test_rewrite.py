"""The rules of ``rewrite``."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import BadRequest
from vizgate.message.target import BadPath, normalize_path
from vizgate.transform.config import RewriteConfig
from vizgate.transform.rewrite import compile_rewrite

_texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=12) | st.sampled_from(
    ["..", ".", "a/../b", "//evil.example", "@evil.example", "a;b", "%2e%2e", "a?b", "a#b", "\r\nX: y", "\\evil"]
)


def _rewritten(path: str, route: str, target: bytes, params: dict[str, Any]) -> bytes:
    return compile_rewrite(RewriteConfig(path=path), route)(target, params)


def _stripped(prefix: str, route: str, target: bytes) -> bytes:
    return compile_rewrite(RewriteConfig(strip_prefix=prefix), route)(target, {})


@pytest.mark.parametrize(
    ("path", "route", "target", "params", "expected"),
    [
        ("/internal/users/{id}", "/api/v{version:int}/users/{id}", b"/api/v1/users/7", {"version": 1, "id": "7"},
         b"/internal/users/7"),
        ("/v{version}/{id}", "/{id}/{version:int}", b"/a/007", {"id": "a", "version": 7}, b"/v7/a"),
        ("/fixed", "/*", b"/anything?x=1", {}, b"/fixed?x=1"),
        ("/{id}", "/u/{id}", b"/u/a?x=%2F..&y=//", {"id": "a"}, b"/a?x=%2F..&y=//"),
        ("/{id}", "/u/{id}", b"/u/a?", {"id": "a"}, b"/a?"),
        ("/{id}", "/u/{id}", b"/u/a?b?c", {"id": "a"}, b"/a?b?c"),
        ("/f/{rest}", "/files/{rest:path}", b"/files/a/b%2Fc/d%20e", {"rest": "a/b%2Fc/d e"}, b"/f/a/b%2Fc/d%20e"),
        ("/{id}", "/u/{id}", b"/u/a%2Fb", {"id": "a/b"}, b"/a%2Fb"),
        ("/{id}", "/u/{id}", b"/u/%2520", {"id": "%20"}, b"/%2520"),
        ("/{id}", "/u/{id}", b"/u/caf%C3%A9%3F%23", {"id": "café?#"}, b"/caf%C3%A9%3F%23"),
        ("/{id}", "/u/{id}", b"/u/%FF", {"id": "\udcff"}, b"/%FF"),
        ("/{id}", "/u/{id}", b"/u/@evil.example", {"id": "@evil.example"}, b"/@evil.example"),
    ],
)  # fmt: skip
def test_rewrite_path_fills_template_and_keeps_query(
    path: str, route: str, target: bytes, params: dict[str, Any], expected: bytes
) -> None:
    """Parameters come out encoded as they must be, and the query is the one that came, byte by byte."""
    assert _rewritten(path, route, target, params) == expected


@pytest.mark.parametrize(
    ("path", "route", "params"),
    [
        ("/internal/{id}", "/u/{id}", {"id": ".."}),
        ("/internal/{id}/x", "/u/{id}", {"id": "."}),
        ("/internal/{id}", "/u/{id}", {"id": "../admin"}),
        ("/internal/{id}", "/u/{id}", {"id": "..;x"}),
        ("/internal/.{id}", "/u/{id}", {"id": "."}),
        ("/internal/{a}{b}", "/{a}/{b}", {"a": ".", "b": "."}),
        ("/internal/{rest}", "/u/{rest:path}", {"rest": "a/../../admin"}),
    ],
)
def test_rewrite_path_dot_segment_is_400(path: str, route: str, params: dict[str, Any]) -> None:
    """No value can leave the folder that the template puts it in, not by several values together either."""
    with pytest.raises(BadPath):
        _rewritten(path, route, b"/u", params)


@pytest.mark.parametrize("value", ["/evil.example/x", "//evil.example/x", "///evil.example/x"])
def test_rewrite_path_rest_that_begins_with_slash_is_no_authority(value: str) -> None:
    """A rest of path at the front of a template cannot make ``//host`` of it."""
    assert _rewritten("/{rest}", "/{rest:path}", b"/x", {"rest": value}) == b"/evil.example/x"


@pytest.mark.parametrize(
    ("prefix", "route", "target", "expected"),
    [
        ("/api", "/api/*", b"/api/users?x=1", b"/users?x=1"),
        ("/api", "/api/*", b"/api", b"/"),
        ("/api", "/api/*", b"/api/", b"/"),
        ("/api", "/api/*", b"/api?x", b"/?x"),
        ("/api/", "/api/*", b"/api/users/", b"/users/"),
        ("/api", "/api/*", b"/%61pi/users", b"/users"),
        ("/api", "/api/*", b"//api///users", b"/users"),
        ("/api", "/api/*", b"/x/../api/./users", b"/users"),
        ("/api", "/api/*", b"/api/a%20b/caf%C3%A9", b"/a%20b/caf%C3%A9"),
        ("/api", "/api/*", b"/api//evil.example", b"/evil.example"),
        ("/api", "/api/*", b"/api///evil.example/x", b"/evil.example/x"),
        ("/api", "/api/users/{rest:path}", b"/api/users@evil.example/x", b"/users@evil.example/x"),
        ("/api", "/api/*", b"/api/@evil.example/x", b"/@evil.example/x"),
        ("/api/v1", "/api/v1/users/{id}", b"/api/v1/users/7", b"/users/7"),
        ("/api/v{version:int}", "/api/v{version:int}/*", b"/api/v12/users", b"/users"),
        ("/{tenant}", "/{tenant}/*", b"/acme/users", b"/users"),
        ("/caf%C3%A9", "/café/*", b"/caf%c3%a9/menu", b"/menu"),
    ],
)
def test_rewrite_strip_prefix_takes_segments_off(prefix: str, route: str, target: bytes, expected: bytes) -> None:
    """Whole segments go, however they were encoded; what is left begins with one slash and keeps its encoding."""
    assert _stripped(prefix, route, target) == expected


@pytest.mark.parametrize(
    ("prefix", "route", "message"),
    [
        ("/api", "/*", r"the path /\* does not begin with /api"),
        ("/api", "/apix/*", "does not begin with /api"),
        ("/api/v1", "/api/*", "does not begin with /api/v1"),
        ("/api/v1", "/api/v{version:int}/*", "does not begin with /api/v1"),
        ("/a//b", "/a/b", "does not begin with"),
        ("/API", "/api/*", "does not begin with"),
        ("/shop/*", "/shop/*", "Leave its last segment out"),
        ("/f/{rest:path}", "/f/{rest:path}", "Leave its last segment out"),
        ("/api/..", "/api/*", "cannot be stripped"),
    ],
)
def test_compile_strip_prefix_of_another_path_is_refused(prefix: str, route: str, message: str) -> None:
    """A prefix that some matched paths would not have is told when the configuration is loaded."""
    with pytest.raises(ValueError, match=message):
        compile_rewrite(RewriteConfig(strip_prefix=prefix), route)


@pytest.mark.parametrize(
    ("path", "route", "message"),
    [
        ("/{idd}", "/u/{id}", r"the path /u/\{id\} has no parameter \{idd\}\. Did you mean \{id\}\?"),
        ("/{name}", "/u/{id}/{rest:path}", r"It has \{id\}, \{rest\}"),
        ("/{name}", "/u/*", "It has no parameters"),
    ],
)
def test_compile_path_with_unknown_parameter_is_refused(path: str, route: str, message: str) -> None:
    """A template that could never be filled in is told when the configuration is loaded."""
    with pytest.raises(ValueError, match=message):
        compile_rewrite(RewriteConfig(path=path), route)


_SAFE_TARGET = re.compile(rb"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*")


@given(_texts, _texts, st.booleans())
def test_rewrite_any_values_stay_a_path_below_the_template(one: str, two: str, as_rest: bool) -> None:
    """Whatever the parameters hold, the result is a path of this host below the literal front, or the answer is 400."""
    route = "/{one}/{two:path}" if as_rest else "/{one}/{two}"
    rewrite = compile_rewrite(RewriteConfig(path="/internal/{one}/x/{two}"), route)
    try:
        result = rewrite(b"/whatever", {"one": one, "two": two})
    except (BadRequest, UnicodeEncodeError):
        return
    assert _SAFE_TARGET.fullmatch(result)
    assert normalize_path(result).startswith("/internal/")


@given(
    st.binary(max_size=20) | st.sampled_from([b"//evil.example", b"/..//evil", b"/%2e%2e/x", b"@evil/x", b"/\\evil"])
)
def test_rewrite_strip_prefix_any_target_stays_a_path(rest: bytes) -> None:
    """Whatever follows the prefix, the result is a path with one slash in front, or the answer is 400."""
    rewrite = compile_rewrite(RewriteConfig(strip_prefix="/api"), "/api/*")
    try:
        result = rewrite(b"/api" + rest, {})
    except BadRequest:
        return
    assert result.startswith(b"/")
    assert not result.startswith((b"//", b"/\\"))
