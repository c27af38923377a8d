"""What becomes of messages that break the rules."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from vizgate.message.headers import Headers
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock, MemoryClient
from vizgate.validation.config import ValidationConfig
from vizgate.validation.middleware import ValidationMiddleware

API = """
openapi: 3.1.0
paths:
  /things:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses:
        "200": {content: {application/json: {schema: {type: array, items: {type: integer}}}}}
        4XX: {description: refused}
    post:
      requestBody:
        content:
          application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}
          application/x-www-form-urlencoded:
            schema: {type: object, required: [name], properties: {n: {type: integer}, name: {type: string}}}
          multipart/form-data:
            schema: {type: object, required: [file], properties: {file: {}}, additionalProperties: false}
          text/plain: {schema: {type: string, maxLength: 5}}
          image/*: {schema: {type: string, format: binary}}
    put: {requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Any'}}}}}
    delete: {}
components: {schemas: {Any: {type: object}}}
"""
SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "api.yaml").write_text(API)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    return tmp_path


class Service:
    """Answers with what it is told to, and remembers what it was sent."""

    def __init__(self, status: int = 200, body: bytes = b"[1]", content_type: str = "application/json") -> None:
        self.bodies: list[bytes] = []
        self.status = status
        self.body: bytes | list[bytes] = body
        self.content_type = content_type

    async def __call__(self, request: Request) -> Response:
        self.bodies.append(await request.body.read(10_000_000))
        headers = Headers.of([("Content-Type", self.content_type)] if self.content_type else [])
        body: Any = self.body
        return Response(self.status, headers, StreamBody(chunks(*body)) if isinstance(body, list) else body)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def client(folder: Path, service: Service, clock: ManualClock | None = None, **settings: Any) -> MemoryClient:
    if "schema" in settings:
        settings["schema"] = str(folder / "schema.json")
    elif settings.get("mode") != "off":
        settings["openapi"] = str(folder / "api.yaml")
    config = {
        "services": {"s": {"builtin": "echo"}},
        "routes": [{"name": "r", "match": {"path": "/*"}, "service": "s", "validate": settings}],
    }
    return MemoryClient(json.dumps(config), services={"s": service}, clock=clock)


def counted(memory: MemoryClient) -> dict[str, int]:
    family = memory.gateway.state.metrics.counters("validation_violations", "", ("route", "kind"))
    return {kind: counter.value for (_, kind), counter in family.series.items() if counter.value}


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("GET", "/things?limit=5&other=1", {}, b""),
        ("HEAD", "/things", {}, b""),
        ("OPTIONS", "/things", {}, b""),
        ("POST", "/things", JSON, b'{ "name": "x" }\n'),
        ("POST", "/things", {"Content-Type": "application/json; charset=UTF-8"}, b'{"name":"x"}'),
        ("POST", "/things", {"Content-Type": "application/x-www-form-urlencoded"}, b"name=x&n=5"),
        ("POST", "/things", {"Content-Type": "text/plain"}, b"hello"),
        ("POST", "/things", {"Content-Type": "image/png"}, b"\x89PNG" * 1000),
        (
            "POST",
            "/things",
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--',
        ),
        ("POST", "/things", {}, b""),
        ("DELETE", "/things", JSON, b"not looked at"),
    ],
)
async def test_good_request_arrives_as_it_came(
    folder: Path, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    """What keeps to the rules is passed on, byte for byte, chunked or not."""
    service = Service()
    async with client(folder, service, body_limit=100) as memory:
        for sent in (body, chunks(body[:3], body[3:])):
            response = await memory.request(method, target, headers=headers, body=sent)
            assert 200 == response.status, response.text
    assert [body, body] == service.bodies
    assert {} == counted(memory)


@pytest.mark.parametrize(
    ("target", "headers", "body", "errors"),
    [
        ("?limit=x", {}, b"", None),
        ("", JSON, b"{}", [{"in": "body", "pointer": "", "detail": '"name" is a required property'}]),
        ("", JSON, b'{"name":1}', [{"in": "body", "pointer": "/name", "detail": 'the value is not of type "string"'}]),
        ("", JSON, b"{", None),
        ("", {"Content-Type": "text/plain"}, b"too long", None),
        ("", {"Content-Type": "text/plain"}, b"\xff", None),
        ("", {"Content-Type": "application/x-www-form-urlencoded"}, b"n=x", None),
        ("", {"Content-Type": "application/x-www-form-urlencoded"}, b"n=%zz", None),
        ("", {"Content-Type": "application/x-www-form-urlencoded"}, b"n&" * 2000, None),
        ("", {"Content-Type": "multipart/form-data"}, b"x", None),
        (
            "",
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n--b--',
            [
                {"in": "body", "pointer": "", "detail": '"file" is a required part'},
                {"in": "body", "pointer": "", "detail": "has a part that is not allowed"},
            ],
        ),
    ],
)
async def test_bad_request_is_refused_with_every_violation(
    folder: Path, target: str, headers: dict[str, str], body: bytes, errors: list[dict[str, str]] | None
) -> None:
    """400 with a list of what is wrong, whether the body came at once or in pieces; nothing reaches the service."""
    service = Service()
    method = "POST" if body else "GET"
    async with client(folder, service) as memory:
        for sent in (body, chunks(body)) if body else (body,):
            response = await memory.request(method, f"/things{target}", headers=headers, body=sent)
            assert 400 == response.status
            assert "application/problem+json" == response.headers["Content-Type"]
            told = response.json()["errors"]
            assert told
            assert errors is None or errors == told
    assert [] == service.bodies


@pytest.mark.parametrize("unknown_paths", ["refuse", "allow"])
async def test_options_is_checked_where_the_document_has_it(tmp_path: Path, unknown_paths: str) -> None:
    """Let pass is only what the document does not say; an ``options`` operation is one like any other."""
    needed = "parameters: [{name: n, in: query, required: true, schema: {type: integer}}]"
    content = "requestBody: {content: {application/json: {schema: {type: object}}}}"
    paths = f"/said: {{options: {{{needed}, {content}}}, get: {{}}}}, /unsaid: {{get: {{}}}}"
    (tmp_path / "api.yaml").write_text(f"{{openapi: 3.1.0, paths: {{{paths}}}}}")
    service = Service()
    async with client(tmp_path, service, unknown_paths=unknown_paths) as memory:
        for target, body in (("/said", b""), ("/said?n=x", b"{}"), ("/said?n=1", b"[]")):
            assert 400 == (await memory.request("OPTIONS", target, headers=JSON, body=body)).status
        assert [] == service.bodies
        for target in ("/said?n=1", "/unsaid?n=x"):
            assert 200 == (await memory.request("OPTIONS", target, headers=JSON, body=b"{}")).status
    assert [b"{}", b"{}"] == service.bodies


async def test_violations_of_head_and_body_are_told_together(folder: Path) -> None:
    """A client learns of everything at once."""
    async with client(folder, Service(), additional_query="refuse") as memory:
        response = await memory.post("/things?x=1", json={})
    assert ["query", "body"] == [error["in"] for error in response.json()["errors"]]
    assert {"query": 1, "body": 1} == counted(memory)


async def test_number_of_told_violations_is_bounded(folder: Path) -> None:
    """At most 50 are told."""
    async with client(folder, Service(), additional_query="refuse") as memory:
        response = await memory.get("/things?" + "&".join(f"p{n}=1" for n in range(500)))
    assert 50 == len(response.json()["errors"])


async def test_required_body_is_required(folder: Path) -> None:
    """Also when it is announced and turns out empty."""
    async with client(folder, Service()) as memory:
        for sent in (b"", chunks()):
            response = await memory.put("/things", headers=JSON, body=sent)
            assert [{"in": "body", "pointer": "", "detail": "is required"}] == response.json()["errors"]


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Content-Type": "application/xml"}, "Accept"),
        ({}, "Accept"),
        ({"Content-Type": "nonsense"}, "Accept"),
        ({"Content-Type": "application/json; charset=utf-16"}, "Accept"),
        ({**JSON, "Content-Encoding": "gzip"}, "Accept-Encoding"),
    ],
)
async def test_other_media_type_is_refused_unread(folder: Path, headers: dict[str, str], field: str) -> None:
    """415 says what would be taken; encoded bodies cannot be checked, and must not slip by."""

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("read")
        yield b""

    async with client(folder, Service()) as memory:
        for sent in (b"{}", never() if headers else chunks(b"x")):
            response = await memory.post("/things", headers=headers, body=sent)
            assert 415 == response.status
            assert field in response.headers
    assert {"media_type": 2} == counted(memory)


async def test_two_content_types_are_refused(folder: Path) -> None:
    """The service might read the other one."""
    fields = [("Content-Type", "text/plain"), ("Content-Type", "application/json")]
    async with client(folder, Service()) as memory:
        assert 415 == (await memory.post("/things", headers=fields, body=b"hi")).status


async def test_unknown_path_and_method_are_refused(folder: Path) -> None:
    """404 and 405 with Allow; or let pass if that is asked for."""
    async with client(folder, Service()) as memory:
        assert 404 == (await memory.get("/other")).status
        response = await memory.patch("/things")
        assert (405, "DELETE, GET, HEAD, POST, PUT") == (response.status, response.headers["Allow"])
    assert {"unknown_path": 1, "unknown_method": 1} == counted(memory)
    async with client(folder, Service(), unknown_paths="allow") as memory:
        assert [200, 200] == [(await memory.get("/other")).status, (await memory.patch("/things")).status]


async def test_encoded_path_is_checked_as_what_it_means(folder: Path) -> None:
    """Percent-encoding is no way around a document."""
    async with client(folder, Service()) as memory:
        assert 400 == (await memory.get("/thi%6Egs?l%69mit=x")).status


async def test_long_body_is_refused(folder: Path) -> None:
    """413 for a body that is too long to be checked; kinds that are not read may be longer."""
    async with client(folder, Service(), body_limit=10) as memory:
        for sent in (b'{"name":"xxxx"}', chunks(b'{"name":', b'"xxxx"}')):
            assert 413 == (await memory.post("/things", headers=JSON, body=sent)).status
        png = {"Content-Type": "image/png"}
        assert 200 == (await memory.post("/things", headers=png, body=b"x" * 1000)).status


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("GET", "/things?limit=x", {}, b""),
        ("GET", "/nowhere", {}, b""),
        ("POST", "/things", {"Content-Type": "application/xml"}, b"<x/>"),
        ("POST", "/things", JSON, b"{"),
        ("POST", "/things", JSON, b'{"name": "longer than the limit"}'),
    ],
)
async def test_report_lets_everything_pass(
    folder: Path, method: str, target: str, headers: dict[str, str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """In report mode the message goes on as it came, is counted and logged."""
    service = Service()
    async with client(folder, service, mode="report", body_limit=25) as memory:
        for sent in (body, chunks(body[:20], body[20:])):
            assert 200 == (await memory.request(method, target, headers=headers, body=sent)).status
    assert [body, body] == service.bodies
    assert 2 == sum(counted(memory).values())
    assert caplog.records


async def test_log_is_bounded(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line a second for each route; the next line says how many were left out."""
    clock = ManualClock()
    async with client(folder, Service(), clock, mode="report") as memory:
        for _ in range(10):
            await memory.get("/things?limit=x")
        clock.advance(1.5)
        await memory.get("/things?limit=x")
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert 2 == len(lines)
    assert "9 messages since" in lines[1]
    assert {"query": 11} == counted(memory)


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind"),
    [
        (200, b"[1]", "application/json", None),
        (200, b"", "", None),
        (404, b"anything", "text/html", None),
        (200, b'["x"]', "application/json", "response_body"),
        (200, b"<p>", "text/html", "response_media_type"),
        (500, b"", "", "response_status"),
    ],
)
async def test_responses_are_reported_and_never_changed(
    folder: Path, status: int, body: bytes, content_type: str, kind: str | None
) -> None:
    """Whole and streamed answers reach the client as they are."""
    service = Service(status, body, content_type)
    async with client(folder, service, responses=True) as memory:
        for given in (body, [body[:2], body[2:]]):
            service.body = given
            response = await memory.get("/things")
            assert (status, body) == (response.status, response.body)
        await memory.head("/things")
    expected = {} if kind is None else {kind: 3 if kind == "response_status" else 2}
    assert expected == counted(memory)


async def test_long_response_is_not_checked(folder: Path) -> None:
    """What is longer than the limit passes unchecked."""
    service = Service(200, b'["' + b"x" * 100 + b'"]')
    async with client(folder, service, responses=True, body_limit=50) as memory:
        await memory.get("/things")
        service.body = [b'["', b"x" * 100, b'"]']
        assert 104 == len((await memory.get("/things")).body)
    assert {} == counted(memory)


@pytest.mark.parametrize(
    ("method", "content_type", "body", "status"),
    [
        ("POST", "application/json", b'{"id": 1}', 200),
        ("POST", "application/vnd.x+json", b'{"id": 1}', 200),
        ("POST", "application/json", b'{"id": "1"}', 400),
        ("POST", "application/json", b"", 400),
        ("POST", "text/plain", b'{"id": 1}', 415),
        ("GET", "application/json", b"", 200),
        ("DELETE", "application/json", b"{}", 400),
    ],
)
async def test_schema_is_for_bodies(folder: Path, method: str, content_type: str, body: bytes, status: int) -> None:
    """A schema asks for a JSON body where the method is nothing without one, and checks every body that comes."""
    async with client(folder, Service(), schema=True) as memory:
        response = await memory.request(method, "/x", headers={"Content-Type": content_type}, body=body)
    assert status == response.status


async def test_route_wins_over_its_service(folder: Path) -> None:
    """A route says otherwise, or that there are no checks; others have those of the service."""
    config = {
        "services": {"s": {"builtin": "echo", "validate": {"openapi": str(folder / "api.yaml"), "base_path": "/a"}}},
        "routes": [
            {"match": {"path": "/a/*"}, "service": "s"},
            {"match": {"path": "/b/*"}, "service": "s", "validate": {"mode": "off"}},
            {"match": {"path": "/c"}, "service": "s", "validate": {"schema": str(folder / "schema.json")}},
        ],
    }
    async with MemoryClient(json.dumps(config)) as memory:
        assert 400 == (await memory.get("/a/things?limit=x")).status
        assert 404 == (await memory.get("/a/other")).status
        assert 200 == (await memory.get("/b/other")).status
        assert 400 == (await memory.post("/c", json={})).status
        plan = memory.gateway.plan
        assert not plan.router.match("GET", "localhost", b"/b/x", Headers()).value.has_middleware  # type: ignore[union-attr]


async def test_client_path_is_checked_before_a_rewrite(folder: Path) -> None:
    """The document is about what clients ask for, whatever the service is sent; parameters of the route may stand in
    the base path.
    """
    config = {
        "services": {"s": {"builtin": "echo"}},
        "routes": [
            {
                "match": {"path": "/api/v{version:int}/{rest:path}"},
                "service": "s",
                "rewrite": {"path": "/internal/{rest}"},
                "validate": {"openapi": str(folder / "api.yaml"), "base_path": "/api/v{version}"},
            }
        ],
    }
    async with MemoryClient(json.dumps(config)) as memory:
        assert "/internal/things" == (await memory.get("/api/v2/things")).json()["path"]
        assert 404 == (await memory.get("/api/v2/internal/things")).status


def test_request_without_body_is_decided_without_a_coroutine(folder: Path) -> None:
    """A good request costs no coroutine of its own: what comes back is what forward gave."""
    middleware = ValidationMiddleware(ValidationConfig(openapi=folder / "api.yaml"))
    marker: Any = object()
    assert marker is middleware(Request("GET", b"/things?limit=1"), lambda request: marker)


async def test_same_middleware_serves_many_requests_at_once(folder: Path) -> None:
    """Nothing of one request is left for the next."""
    import asyncio

    async with client(folder, Service()) as memory:
        bodies = [{"name": "x"} if n % 2 else {"name": n} for n in range(40)]
        answers = await asyncio.gather(*[memory.post("/things", json=body) for body in bodies])
    assert [200 if n % 2 else 400 for n in range(40)] == [answer.status for answer in answers]


async def test_rehearsal_tells_what_is_wrong(folder: Path) -> None:
    """``vizgate check`` and ``explain`` show the violations, not only that there are some."""
    from vizgate.config import load_text
    from vizgate.extension.registry import Registry
    from vizgate.gateway.builtin import BUILTIN
    from vizgate.gateway.rehearsal import Rehearsal

    config = {
        "services": {"s": {"builtin": "echo", "validate": {"openapi": str(folder / "api.yaml")}}},
        "routes": [{"match": {"path": "/*"}, "service": "s"}],
    }
    async with Rehearsal(load_text(json.dumps(config)), Registry(BUILTIN)) as rehearsal:
        found = await rehearsal.send("POST", "http://a/things", [("Content-Type", "text/plain")], body=b"too long")
    assert 400 == found.status
    assert found.detail.endswith("; body: the value is longer than 5 characters")
