"""Transforms over real sockets: what the service sees, and what the client gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import DoorFactory
from vizgate.testing.raw_client import RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer

DOCUMENT = b'{"id": 7, "password": "x", "tags": [{"a": 1, "b": 2}]}'
JSON_ANSWER = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(DOCUMENT)
) + DOCUMENT
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\ntheirs"


async def ask(door: Any, line: str, *fields: str, body: bytes = b"") -> RawResponse:
    async with door.client() as client:
        await client.send("\r\n".join([f"{line} HTTP/1.1", "Host: a", *fields, "", ""]).encode("latin-1") + body)
        return await client.read_response(line.split(maxsplit=1)[0])


def parts(upstream: ScriptedUpstream, *middleware: dict[str, Any]) -> dict[str, Any]:
    return {
        "services": {"s": {"targets": [upstream.url]}, "away": {"targets": ["http://127.0.0.1:1"]}},
        "routes": [
            {"name": "r", "match": {"path": "/u/{id}"}, "service": "s", "middleware": list(middleware)},
            {"name": "away", "match": {"path": "/away"}, "service": "away", "middleware": list(middleware)},
        ],
    }


async def test_request_reaches_the_service_transformed(door: DoorFactory) -> None:
    """Fields, query, method and JSON, one after the other, and the framing is that of what is sent."""
    chain = [
        {"use": "headers", "request": {"set": {"X-Id": "{params.id}", "X-Q": "{query.q}"}, "keep": ["Accept"]}},
        {"use": "query", "rename": {"q": "search"}, "set": {"ip": "{client}"}},
        {"use": "method", "to": "PUT"},
        {"use": "json_body", "request": {"drop": ["password"], "wrap": "data"}},
    ]
    async with ScriptedUpstream() as upstream, door(parts(upstream, *chain)) as opened:
        fields = ("X-Id: forged", "Cookie: a=1", "Accept: */*", "Content-Type: application/json")
        got = await ask(opened, "POST /u/7?q=a%0d%0ab", *fields, f"Content-Length: {len(DOCUMENT)}", body=DOCUMENT)
        assert 200 == got.status
        [seen] = upstream.complete_requests
    assert (b"PUT", b"/u/7?search=a%0d%0ab&ip=127.0.0.1") == (seen.method, seen.target)
    assert {"data": {"id": 7, "tags": [{"a": 1, "b": 2}]}} == json.loads(seen.body)
    assert [b"7"] == seen.get_all(b"x-id")
    # The value holds a line break, so there is no such line; and no way to add one.
    assert [] == seen.get_all(b"x-q")
    assert [] == seen.get_all(b"cookie")
    assert [b"*/*"] == seen.get_all(b"accept")
    assert [b"a"] == seen.get_all(b"host")
    assert [b"127.0.0.1"] == seen.get_all(b"x-forwarded-for")
    assert ["POST"] == [record["method"] for record in opened.records()]


@pytest.mark.parametrize("chunked", [False, True])
async def test_json_answer_is_transformed(chunked: bool, door: DoorFactory) -> None:
    """The client gets the picked part, as long as it says; HEAD tells no length."""
    chunks = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\n'
    reply = chunks + b"%x\r\n%b\r\n0\r\n\r\n" % (len(DOCUMENT), DOCUMENT) if chunked else JSON_ANSWER
    layer = {"use": "json_body", "response": {"pick": ["id", "tags.a"]}}
    async with ScriptedUpstream([answer(reply)]) as upstream, door(parts(upstream, layer)) as opened:
        got = await ask(opened, "GET /u/7")
        head = await ask(opened, "HEAD /u/7")
    assert b'{"id":7,"tags":[{"a":1}]}' == got.body
    assert [b'W/"1"'] == got.get_all(b"etag") == head.get_all(b"etag")
    assert [] == head.get_all(b"content-length")


async def test_pages_and_statuses_for_errors(door: DoorFactory, tmp_path: Path) -> None:
    """Errors of the gateway and, if asked, of the service get the page; programs get what they asked for."""
    page = tmp_path / "error.html"
    page.write_text("<h1>{status}</h1>")
    chain = [
        {"use": "error_pages", "pages": {"4xx": {"file": str(page)}, "502": {"text": "away"}}, "upstream": True},
        {"use": "status_map", "map": {"404": 410}},
    ]
    async with ScriptedUpstream([answer(MISSING)]) as upstream, door(parts(upstream, *chain)) as opened:
        gone = await ask(opened, "GET /u/7")
        assert (410, b"<h1>410</h1>") == (gone.status, gone.body)
        assert [b"text/html; charset=utf-8"] == gone.get_all(b"content-type")
        away = await ask(opened, "GET /away", "Accept: text/html")
        assert (502, b"away") == (away.status, away.body)
        program = await ask(opened, "GET /away", "Accept: application/json")
        assert [b"application/problem+json"] == program.get_all(b"content-type")
        head = await ask(opened, "HEAD /u/7")
        assert (410, b"", [b"12"]) == (head.status, head.body, head.get_all(b"content-length"))
