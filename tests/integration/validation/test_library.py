"""A document as large as those of real services, before a service, over real sockets."""

from __future__ import annotations

import asyncio
import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import Door, DoorFactory
from vizgate.testing.scripted_upstream import ScriptedUpstream

DOCUMENT = Path(__file__).parent / "library.yaml"
BOOK = {"isbn": "9780140449136", "title": "The Odyssey", "authors": [{"name": "Homer"}]}
JSON = "application/json"

Sent = tuple[str, str, str, Any]

GOOD: list[Sent] = [
    ("GET", "/v2/books?limit=5&genre=novel&genre=essay&lang=el,la&sort=title%7Cyear&year[from]=1900&key=k", "", None),
    ("GET", "/v1/books", "", None),
    ("HEAD", "/v2/books/9780140449136", "", None),
    ("POST", "/v2/books", JSON, BOOK),
    ("POST", "/v2/books", JSON, {**BOOK, "sequel": {**BOOK, "price": {"amount": "12.00", "currency": "EUR"}}}),
    ("POST", "/v2/books/search", JSON, {"query": {"all": [{"word": "sea"}, {"not": {"word": "land"}}]}}),
    ("POST", "/v2/books/import", "text/csv", b"isbn,title\n9780140449136,The Odyssey\n"),
    ("POST", "/v2/books/import", "application/x-ndjson", b"{}\n{}\n"),
    ("PATCH", "/v2/books/9780140449136", "application/merge-patch+json", {"title": None}),
    ("PATCH", "/v2/books/9780140449136", "application/json-patch+json", [{"op": "remove", "path": "/year"}]),
    ("GET", "/v2/books/9780140449136/cover?size=512", "", None),
    ("PUT", "/v2/books/9780140449136/cover", "image/png", b"\x89PNG" * 50_000),
    ("GET", "/v2/books/9780140449136/copies/1", "", None),
    ("GET", "/v2/books/9780140449136.bib", "", None),
    ("POST", "/v2/members", "application/x-www-form-urlencoded",
     b"name=Ada+L&email=ada%40example.com&age=36&newsletter=true&interests=novel&interests=essay"),
    ("GET", "/v2/members?active=true&filter=%7B%22word%22%3A%22x%22%7D", "", None),
    ("GET", "/v2/members/1,2,3/summary", "", None),
    ("PUT", "/v2/members/1/password", JSON, {"password": "correct horse 1"}),
    ("PUT", "/v2/members/1/photo", "multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n\x89PNG\r\n--b--\r\n'),
    ("GET", "/v2/loans?member=9007199254740993&status=late&due=2026-12-01", "", None),
    ("POST", "/v2/loans", JSON, {"member": 1, "isbn": "x", "due": "2026-12-01", "copies": 2}),
    ("POST", "/v2/loans/1/return", "", None),
    ("POST", "/v2/events", JSON, {"kind": "lent", "loan": 1}),
    ("POST", "/v2/fines", JSON, {"money": {"amount": "-1.50", "currency": "EUR"}}),
    ("OPTIONS", "/v2/books", "", None),
    ("GET", "/v2/health", "", None),
]  # fmt: skip

BAD: list[tuple[Sent, int, list[str]]] = [
    (("GET", "/books", "", None), 404, []),
    (("GET", "/v3/books", "", None), 404, []),
    (("GET", "/v2/shelves", "", None), 404, []),
    (("DELETE", "/v2/authors", "", None), 405, []),
    (("GET", "/v2/books?limit=0&genre=crime&lang=ELL&sort=isbn&year[to]=x&stray=1", "", None), 400,
     ["query limit", "query genre/0", "query lang/0", "query sort/0", "query year/to", "query stray"]),
    (("GET", "/v2/books?genre=novel&genre=novel", "", None), 400, ["query genre"]),
    (("GET", "/v2/books?limit=5&limit=6", "", None), 400, ["query limit"]),
    (("GET", "/v2/books/978", "", None), 400, ["path isbn"]),
    (("GET", "/v2/books/9780140449136/copies/2147483648", "", None), 400, ["path number"]),
    (("GET", "/v2/members/1,2,x/summary", "", None), 400, ["path ids/2"]),
    (("POST", "/v2/books", JSON, {**BOOK, "authors": [], "colour": "red", "year": 1000}), 400,
     ["body ", "body /authors", "body /year"]),
    (("POST", "/v2/books", JSON, {**BOOK, "sequel": {**BOOK, "title": ""}}), 400, ["body /sequel/title"]),
    (("POST", "/v2/books", JSON, b'{"isbn": "9780140449136",'), 400, ["body "]),
    (("POST", "/v2/books", "text/plain", b"x"), 415, []),
    (("POST", "/v2/books/search", JSON, {"query": {"all": []}}), 400, ["body /query"]),
    (("POST", "/v2/books/import", "text/csv", b"short"), 400, ["body "]),
    (("PATCH", "/v2/books/9780140449136", "application/json-patch+json", [{"op": "add", "path": "x"}]), 400,
     ["body /0", "body /0/path"]),
    (("POST", "/v2/members", "application/x-www-form-urlencoded", b"name=&email=x&age=old&newsletter=1"), 400,
     ["body /age", "body /email", "body /name", "body /newsletter"]),
    (("GET", "/v2/members?active=1&filter=%7B%7D", "", None), 400, ["query active", "query filter"]),
    (("PUT", "/v2/members/1/photo", "multipart/form-data; boundary=b", b"--b--"), 400, ["body "]),
    (("PUT", "/v2/members/0/password", JSON, {"password": "hunter2"}), 400,
     ["body /password", "path id"]),
    (("GET", "/v2/loans?due=2026-02-30", "", None), 400, ["query due", "query member"]),
    (("POST", "/v2/events", JSON, {"kind": "lent", "book": "x"}), 400, ["body "]),
    (("GET", "/v2/desk/session", "", None), 400, ["cookie desk", "header X-Desk"]),
    (("PUT", "/v2/books/9780140449136", "", None), 400, ["body "]),
]  # fmt: skip


def parts(upstream: ScriptedUpstream, **settings: Any) -> dict[str, Any]:
    validation = {"openapi": str(DOCUMENT), **settings}
    service = {"targets": [upstream.url], "validate": validation}
    return {
        "services": {"library": service},
        "routes": [
            {"match": {"path": "/library/*"}, "service": "library"},
            {"match": {"path": "/*"}, "service": "library", "validate": {**validation, "base_path": "/{version}"}},
        ],
    }


def body_of(sent: Sent) -> bytes | None:
    value = sent[3]
    return value if value is None or isinstance(value, bytes) else json.dumps(value, indent=1).encode()


def ask(door: Door, sent: Sent, prefix: str = "/library", *, chunked: bool = False) -> tuple[int, Any]:
    method, target, content_type, _ = sent
    body: Any = body_of(sent)
    if chunked and body:
        body = iter([body[:7], body[7:]])
    connection = HTTPConnection("127.0.0.1", door.port, timeout=10)
    try:
        connection.request(method, prefix + target, body, {"Content-Type": content_type} if content_type else {})
        response = connection.getresponse()
        data = response.read()
        is_problem = response.headers.get("Content-Type") == "application/problem+json"
        return response.status, json.loads(data) if is_problem and data else {}
    finally:
        connection.close()


@pytest.mark.parametrize("chunked", [False, True])
async def test_good_requests_arrive_as_they_came(door: DoorFactory, chunked: bool) -> None:
    """Every request that the document takes reaches the service, target and body byte for byte."""
    async with ScriptedUpstream() as upstream, door(parts(upstream, additional_query="refuse")) as opened:
        for sent in GOOD:
            status, problem = await asyncio.to_thread(ask, opened, sent, chunked=chunked)
            assert (200, {}) == (status, problem), sent
    assert [(item[0], "/library" + item[1], body_of(item) or b"") for item in GOOD] == [
        (request.method.decode(), request.target.decode(), request.body) for request in upstream.complete_requests
    ]


async def test_bad_requests_are_refused_with_their_violations(door: DoorFactory) -> None:
    """Nothing that breaks the document reaches the service, and the client is told of every mistake."""
    async with ScriptedUpstream() as upstream, door(parts(upstream, additional_query="refuse")) as opened:
        for sent, status, errors in BAD:
            found, problem = await asyncio.to_thread(ask, opened, sent)
            told = [
                f"{item['in']} {item.get('name', '')}{item.get('pointer', '')}" for item in problem.get("errors", [])
            ]
            assert (status, sorted(errors)) == (found, sorted(told)), sent
            assert "hunter2" not in json.dumps(problem)
    assert [] == upstream.requests


async def test_report_mode_lets_bad_requests_pass(door: DoorFactory) -> None:
    """What would be refused arrives as it came."""
    async with ScriptedUpstream() as upstream, door(parts(upstream, mode="report", responses=True)) as opened:
        for sent, _, _ in BAD:
            status, _ = await asyncio.to_thread(ask, opened, sent, chunked=True)
            assert 200 == status, sent
    assert [body_of(item[0]) or b"" for item in BAD] == [request.body for request in upstream.complete_requests]


async def test_base_path_replaces_servers(door: DoorFactory) -> None:
    """A route that has its own base path is for other paths than the service's servers."""
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened:
        assert 200 == (await asyncio.to_thread(ask, opened, ("GET", "/v9/health", "", None), ""))[0]
        assert 404 == (await asyncio.to_thread(ask, opened, ("GET", "/health", "", None), ""))[0]


async def test_client_that_waits_for_100_is_refused_before_it_sends(door: DoorFactory) -> None:
    """An upload of a type that is not taken is refused without its body."""
    head = (
        b"POST /library/v2/books HTTP/1.1\r\nHost: a.example\r\nContent-Type: text/html\r\n"
        b"Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n"
    )
    async with ScriptedUpstream() as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await client.send(head)
        answer = await client.read_until(b"\r\n\r\n")
    assert b" 415 " in answer.partition(b"\r\n")[0]
    assert [] == upstream.requests
