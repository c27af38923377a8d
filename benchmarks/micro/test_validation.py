"""What checking a message costs: parameters alone, small and large bodies, good and bad, and reading a document."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.headers import Headers
from vizgate.pipeline.body import EMPTY, BytesBody
from vizgate.pipeline.request import Request
from vizgate.validation.config import ValidationConfig
from vizgate.validation.middleware import ValidationMiddleware
from vizgate.validation.openapi.document import read_document

API = """
openapi: 3.1.0
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}}]
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: status, in: query, schema: {type: string, enum: [open, closed]}}
    post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Orders'}}}}}
components:
  schemas:
    Orders: {type: array, items: {$ref: '#/components/schemas/Order'}}
    Order:
      type: object
      required: [id, name]
      additionalProperties: false
      properties:
        id: {type: integer}
        name: {type: string, pattern: "^[a-z]+$"}
        tags: {type: array, items: {type: string}}
        at: {type: string, format: date-time}
        price: {type: number, minimum: 0}
        to: {type: object, properties: {street: {type: string}, number: {type: integer}}}
"""
ORDER = {
    "id": 1,
    "name": "abc",
    "tags": ["x", "y"],
    "at": "2026-01-01T00:00:00Z",
    "price": 1.5,
    "to": {"street": "c", "number": 1},
}
DOCUMENT = Path(__file__).parents[2] / "tests" / "integration" / "validation" / "library.yaml"


@pytest.fixture
def middleware(tmp_path: Path) -> ValidationMiddleware:
    (tmp_path / "api.yaml").write_text(API)
    return ValidationMiddleware(ValidationConfig(openapi=tmp_path / "api.yaml"))


def orders(count: int, **more: Any) -> bytes:
    values = [{**ORDER, "id": number, **more} for number in range(count)]
    return json.dumps(values, separators=(",", ":")).encode()


def request(method: str, target: bytes, body: bytes = b"") -> Request:
    fields = [(b"Host", b"localhost"), (b"Content-Type", b"application/json")]
    return Request(method, target, Headers(fields), body=BytesBody(body) if body else EMPTY)


def forward(request: Request) -> Any:
    return request


def test_get_with_three_parameters(benchmark: BenchmarkFixture, middleware: ValidationMiddleware) -> None:
    benchmark(middleware, request("GET", b"/orders/7?limit=5&status=open"), forward)


@pytest.mark.parametrize("count", [1, 360, 8_400], ids=["120 B", "45 KB", "1 MiB"])
def test_json_body(benchmark: BenchmarkFixture, middleware: ValidationMiddleware, count: int) -> None:
    benchmark(middleware, request("POST", b"/orders/7", orders(count)), forward)


def test_json_body_with_white_space(benchmark: BenchmarkFixture, middleware: ValidationMiddleware) -> None:
    """45 KB that are not written compactly, so that they are looked through for doubled names."""
    body = orders(360).replace(b",", b", ")
    benchmark(middleware, request("POST", b"/orders/7", body), forward)


@pytest.mark.parametrize("count", [1, 8_400], ids=["120 B", "1 MiB"])
def test_bad_json_body(benchmark: BenchmarkFixture, middleware: ValidationMiddleware, count: int) -> None:
    """A fault in every order."""
    bad = request("POST", b"/orders/7", orders(count, name="A"))

    def refuse() -> None:
        answer = middleware(bad, forward)
        with contextlib.suppress(StopIteration):
            answer.send(None)  # a coroutine that does not wait

    benchmark(refuse)


def test_reading_a_document_of_37_operations(benchmark: BenchmarkFixture) -> None:
    benchmark(read_document, DOCUMENT, responses=True)
