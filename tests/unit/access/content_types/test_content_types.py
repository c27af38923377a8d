"""``use: content_types``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.access.content_types.config import ContentTypesConfig
from vizgate.message.media_types import MediaTypes
from vizgate.testing import MemoryClient

ALLOWED = MediaTypes(["application/json", "image/*", "application/*+json"])


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON; charset=utf-8",
        b"application/json ;x=y",
        b"image/png",
        b"image/svg+xml",
        b"application/problem+json",
        b"application/vnd.api+v2+json",
    ],
)
def test_media_type_of_the_list_is_taken(content_type: bytes) -> None:
    """By name, by type or by suffix, whatever the case and the parameters."""
    assert content_type in ALLOWED


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"application",
        b"application/",
        b"/json",
        b"text/plain",
        b"application/jsonx",
        b"xapplication/json",
        b"application/xml+json2",
        b"text/x+json",
        b"application/json, text/plain",
        b"text/plain;application/json",
        b"application/json\x00",
        b"*/*",
        b"application/*+json/x",
        b"a" * 100_000,
    ],
)
def test_other_media_type_is_not(content_type: bytes) -> None:
    """What is malformed, or only resembles one of the list, is none of it."""
    assert content_type not in ALLOWED


@given(st.binary(max_size=60))
def test_any_value_is_taken_by_its_type_alone(value: bytes) -> None:
    """No value makes it fail, and parameters never decide."""
    if value in ALLOWED:
        assert value + b"; a=b" in ALLOWED
    assert (b"image/x" + value in ALLOWED) == (b"image/x" + value.partition(b";")[0] in ALLOWED)


@pytest.mark.parametrize("allow", [["json"], ["*/*"], ["a/b;c=d"], ["application/*json"], []])
def test_config_takes_media_types_only(allow: list[str]) -> None:
    """No parameters, and a star where it means something."""
    with pytest.raises(ValidationError):
        ContentTypesConfig.model_validate({"allow": allow})


CONFIG = """
version: 1
services: {echo: {builtin: echo}}
routes:
  - {name: all, match: {path: /*}, service: echo,
     middleware: [{use: content_types, allow: [application/json, application/*+json]}]}
"""


async def chunks() -> AsyncIterator[bytes]:
    yield b"{}"


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", {}, b"", 200),
        ("POST", {}, b"", 200),
        ("POST", {"Content-Type": "text/xml"}, b"", 200),
        ("POST", {"Content-Type": "application/json"}, b"{}", 200),
        ("POST", {}, b"{}", 415),
        ("POST", {"Content-Type": "text/xml"}, b"{}", 415),
        ("DELETE", {"Content-Type": "text/xml"}, b"{}", 415),
        ("POST", {"Content-Type": "application/json", "content-type": "text/xml"}, b"{}", 415),
        ("POST", {"Content-Type": "text/xml"}, chunks, 415),
        ("POST", {"Content-Type": "application/merge-patch+json"}, chunks, 200),
    ],
)
async def test_content_of_another_kind_is_415(method: str, headers: dict[str, str], body: Any, status: int) -> None:
    """Content must say its type, once, and it must be one of the list; where there is no content, nothing is asked."""
    async with MemoryClient(CONFIG) as gateway:
        response = await gateway.request(method, "/", headers=headers, body=body() if callable(body) else body)
        assert status == response.status
        if status == 415:
            assert "application/json, application/*+json" == response.headers["Accept"]


@pytest.mark.parametrize(("method", "name"), [("PATCH", "Accept-Patch"), ("POST", "Accept-Post")])
async def test_415_says_what_would_be_taken(method: str, name: str) -> None:
    """RFC 5789 2.2: a 415 to PATCH has Accept-Patch."""
    async with MemoryClient(CONFIG) as gateway:
        response = await gateway.request(method, "/", body=b"x")
        assert "application/json, application/*+json" == response.headers[name]
