"""What FastAPI writes is read as FastAPI means it: the documents that most Python services have."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import Body, Cookie, FastAPI, Header, Query
from pydantic import BaseModel, Field

from vizgate import Headers, Request, RequestChecker, ValidationConfig
from vizgate.pipeline.body import BytesBody


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    price: Annotated[float, Field(gt=0)]
    color: Color | None = None
    tags: set[str] = set()
    parts: list["Item"] = []  # noqa: UP037  # pydantic needs the name as a text inside of the class


def _app() -> FastAPI:
    app = FastAPI(servers=[{"url": "/api"}])

    @app.get("/items/{item_id}")
    def get(  # one of each kind
        item_id: int,
        since: date | None = None,
        tag: Annotated[list[int] | None, Query(max_length=2)] = None,
        full: bool = False,
        x_trace: Annotated[UUID | None, Header()] = None,
        session: Annotated[str, Cookie(min_length=3)] = "abc",
    ) -> Item: ...

    @app.put("/items/{item_id}")
    def put(item_id: int, item: Item, note: Annotated[str | None, Body()] = None) -> None: ...

    return app


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> RequestChecker:
    path: Path = tmp_path_factory.mktemp("fastapi") / "openapi.json"
    path.write_text(json.dumps(_app().openapi()))
    return RequestChecker(ValidationConfig(openapi=path, responses=True))


JSON = "application/json"
ITEM = {"name": "a", "price": 1.5, "color": "red", "tags": ["x"], "parts": [{"name": "b", "price": 1}]}


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "wrong"),
    [
        ("GET", "/api/items/7?since=2026-01-01&tag=1&tag=2&full=true", {"X-Trace": str(UUID(int=1))}, b"", []),
        ("GET", "/api/items/x?since=today&tag=1&tag=y&full=maybe", {"X-Trace": "1", "Cookie": "session=a"}, b"",
         ["path", "query", "query", "query", "header", "cookie"]),
        ("GET", "/api/items/7?tag=1&tag=2&tag=3", {}, b"", ["query"]),
        ("PUT", "/api/items/7", {"Content-Type": JSON}, json.dumps({"item": ITEM, "note": None}).encode(), []),
        ("PUT", "/api/items/7", {"Content-Type": JSON}, json.dumps({"item": {**ITEM, "price": 0}}).encode(), ["body"]),
        ("PUT", "/api/items/7", {"Content-Type": JSON},
         json.dumps({"item": {**ITEM, "parts": [{"name": ""}]}}).encode(), ["body", "body"]),
    ],
)  # fmt: skip
def test_requests_are_judged_as_the_application_would(
    checker: RequestChecker, method: str, target: str, headers: dict[str, str], body: bytes, wrong: list[str]
) -> None:
    """What the application takes passes, and what it would answer with 422 is told."""
    request = Request(method, target.encode(), Headers.of(headers.items()), body=BytesBody(body))
    verdict = checker.check(request)
    assert wrong == ([] if verdict is None else [violation.where for violation in verdict.violations])
