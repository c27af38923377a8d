"""What the YAML may say about transforms, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from vizgate.transform.config import HeadersConfig, RedirectConfig, RespondConfig, RewriteConfig


def _message(model: type[BaseModel], value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    assert len(caught.value.errors()) == 1
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("value", [{"path": "/internal/users/{id}"}, {"path": "/"}, {"strip_prefix": "/api"}])
def test_rewrite_valid_is_kept(value: dict[str, str]) -> None:
    """A path template or a prefix, as written."""
    assert RewriteConfig.model_validate(value).model_dump(exclude_none=True) == value


def test_rewrite_prefix_with_slash_at_end_is_the_prefix() -> None:
    """``/api/`` and ``/api`` strip the same."""
    assert RewriteConfig(strip_prefix="/api/").strip_prefix == "/api"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "exactly one of path and strip_prefix"),
        ({"path": "/a", "strip_prefix": "/b"}, "exactly one of path and strip_prefix"),
        ({"path": ""}, "does not begin with a single '/'"),
        ({"path": "users/{id}"}, "does not begin with a single '/'"),
        ({"path": "//evil.example/"}, "does not begin with a single '/'"),
        ({"path": "http://evil.example/"}, "does not begin with a single '/'"),
        ({"path": "/{id}?a=b"}, "the query stays as it came"),
        ({"path": "/{id}#top"}, "must not hold '?' or '#'"),
        ({"path": "/a b"}, "Write %20"),
        ({"path": "/a/../b"}, "cannot be a path: a rewritten path would hold a dot segment"),
        ({"path": "/a/%2e%2E"}, "cannot be a path: a rewritten path would hold a dot segment"),
        ({"path": "/a%5Cb/{id}"}, "cannot be a path: malformed or refused percent-encoding"),
        ({"strip_prefix": "/"}, "is not a path prefix"),
        ({"strip_prefix": "api"}, "is not a path prefix"),
        ({"strip_prefix": "//"}, "is not a path prefix"),
        ({"path": "/a", "query": "b"}, "Extra inputs are not permitted"),
    ],
)
def test_rewrite_invalid_is_refused(value: dict[str, str], message: str) -> None:
    """A rewrite that could make a path that is none is refused when it is loaded."""
    assert message in _message(RewriteConfig, value)


@pytest.mark.parametrize(
    "to",
    [
        "https://docs.example.com/",
        "http://10.0.0.1:8080",
        "https://[::1]:8443/a?b=c#d",
        "https://example.com?b=/../c",
        "https://new.example.com/users/{id}?from=old",
        "/docs/{page}",
        "/",
    ],
)
def test_redirect_valid_is_kept(to: str) -> None:
    """An absolute http or https URI, or a path on the same host."""
    assert RedirectConfig(to=to) == RedirectConfig(to=to, status=307)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"to": ""}, "no place to redirect to"),
        ({"to": "docs"}, "no place to redirect to"),
        ({"to": "javascript:alert(1)"}, "no place to redirect to"),
        ({"to": "ftp://example.com/"}, "no place to redirect to"),
        ({"to": "//evil.example/"}, "no place to redirect to"),
        ({"to": "/\\evil.example/"}, "no place to redirect to"),
        ({"to": "https://{host}/"}, "no place to redirect to"),
        ({"to": "https://a{x}.example.com/"}, "no plain host"),
        ({"to": "https://example.com{path}"}, "no plain host"),
        ({"to": "https://user@example.com/"}, "no plain host"),
        ({"to": "/a\r\nSet-Cookie: a=b"}, "Write %0D"),
        ({"to": "https://example.com/a%00b"}, "cannot be a path"),
        ({"to": "/a", "status": 300}, "Input should be 301, 302, 303, 307 or 308"),
        ({"to": "/a", "status": 304}, "Input should be 301, 302, 303, 307 or 308"),
    ],
)
def test_redirect_invalid_is_refused(value: dict[str, Any], message: str) -> None:
    """A redirect whose host a client could choose, or that is none, is refused when it is loaded."""
    assert message in _message(RedirectConfig, value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"json": {}, "text": ""}, "json and text exclude each other"),
        ({"json": None, "body": ""}, "json and body exclude each other"),
        ({"status": 204, "text": ""}, "a 204 has no body"),
        ({"status": 304, "json": None}, "a 304 has no body"),
        ({"status": 101}, "greater than or equal to 200"),
        ({"status": 600}, "less than or equal to 599"),
        ({"headers": {"Content-Length": "3"}}, "Leave it out"),
        ({"headers": {"X-A": "a\r\nb"}}, "line breaks"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "one header"),
    ],
)
def test_respond_invalid_is_refused(value: dict[str, Any], message: str) -> None:
    """An answer that contradicts itself or HTTP is refused when it is loaded."""
    assert message in _message(RespondConfig, value)


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "content-length", "Expect", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", ["request", "response"])
def test_headers_framing_field_is_refused(name: str, side: str) -> None:
    """Fields of one connection or of framing are the gateway's own, in every place of the configuration."""
    for changes in ({"set": {name: "x"}}, {"add": {name: "x"}}, {"remove": [name]}):
        assert "written by the gateway itself" in _message(HeadersConfig, {side: changes})


@pytest.mark.parametrize("changes", [{"remove": ["Via"]}, {"set": {"via": "1.1 x"}}, {"add": {"Via": "1.1 x"}}])
def test_headers_request_via_is_refused(changes: dict[str, Any]) -> None:
    """Nobody takes the gateway's own Via away: without it a route could lead to the admin listener unseen."""
    with pytest.raises(ValidationError, match="came through this gateway"):
        HeadersConfig.model_validate({"request": changes})


def test_headers_response_via_may_go() -> None:
    """To clients a server's Via may be hidden."""
    assert ("Via",) == HeadersConfig.model_validate({"response": {"remove": ["Via"]}}).response.remove


@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
def test_headers_request_host_is_refused_with_remedy(name: str) -> None:
    """The Host field has a setting of its own, and the message names it."""
    assert "Use the service's host_header" in _message(HeadersConfig, {"request": {"set": {name: "a"}}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"set": {"X A": "x"}}, "is not a header name"),
        ({"set": {"": "x"}}, "is not a header name"),
        ({"set": {"X-Ä": "x"}}, "is not a header name"),
        ({"remove": ["X:Y"]}, "is not a header name"),
        ({"set": {"X-A": "a\rb"}}, "line breaks"),
        ({"set": {"X-A": "a\nb"}}, "line breaks"),
        ({"add": {"X-A": "a\0b"}}, "line breaks"),
        ({"add": {"X-A": ["good", "a\x7fb"]}}, "line breaks"),
        ({"set": {"X-A": 5}}, "Put it in quotes"),
        ({"set": {"X-A": [True]}}, "Put it in quotes"),
        ({"set": {"X-A": "1", "x-a": "2"}}, "set names X-A and x-a"),
        ({"add": {"X-A": "1", "x-a": "2"}}, "add names X-A and x-a"),
        ({"set": {"X-A": "1"}, "remove": ["x-a"]}, "both set and removed"),
        ({"replace": {}}, "Extra inputs are not permitted"),
    ],
)
@pytest.mark.parametrize("side", ["request", "response"])
def test_headers_invalid_is_refused(changes: dict[str, Any], message: str, side: str) -> None:
    """A name or value that could split a message, and changes that contradict each other, are refused at load."""
    assert message in _message(HeadersConfig, {side: changes})


@pytest.mark.parametrize("value", [{}, {"request": {}}, {"request": {"set": {}}, "response": {"remove": []}}])
def test_headers_nothing_to_change_is_refused(value: dict[str, Any]) -> None:
    """A middleware that does nothing is a mistake, not a wish."""
    assert "nothing to change" in _message(HeadersConfig, value)


def test_headers_schema_allows_text_or_list() -> None:
    """Editors learn that a value is a text or a list of texts."""
    changes = HeadersConfig.model_json_schema()["$defs"]["ResponseFieldChanges"]["properties"]
    assert changes["set"]["additionalProperties"] == {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
