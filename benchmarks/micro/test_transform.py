"""What transforms cost: texts with values, queries, JSON."""

from __future__ import annotations

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.headers import Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.request import Request
from vizgate.transform.config import RequestFieldChanges
from vizgate.transform.fields import compile_changes
from vizgate.transform.json_body.change import JsonChange
from vizgate.transform.json_body.config import JsonChanges
from vizgate.transform.query.change import QueryChange
from vizgate.transform.query.config import QueryConfig

FIELDS = [(b"Host", b"a"), *[(b"X-%d" % n, b"v") for n in range(8)]]


def request() -> Request:
    made = Request("GET", b"/users/7?a=1&b=2&c=3", Headers([*FIELDS]), client="192.0.2.7", id="r")
    made.params = {"id": 7}
    made.identity = Identity("acme", claims={"email": "a@example.com"})
    return made


def test_headers_fixed(benchmark: BenchmarkFixture) -> None:
    plan = compile_changes(RequestFieldChanges(set={"X-A": "1", "X-B": "2", "X-C": "3"}))
    benchmark(lambda: plan.apply([*FIELDS]))


def test_headers_with_three_values(benchmark: BenchmarkFixture) -> None:
    plan = compile_changes(RequestFieldChanges(set={"X-A": "{claims.email}", "X-B": "{params.id}", "X-C": "{client}"}))
    one = request()
    benchmark(lambda: plan.apply([*FIELDS], one))


def test_query(benchmark: BenchmarkFixture) -> None:
    change = QueryChange(QueryConfig(remove=("a",), rename={"b": "x"}, set={"id": "{params.id}"}))
    benchmark(change.apply, b"a=1&b=2&c=3", request())


@pytest.mark.parametrize("rows", [10, 300])
def test_json(benchmark: BenchmarkFixture, rows: int) -> None:
    change = JsonChange(JsonChanges(drop=("items.secret",), rename={"items.id": "key"}, wrap="data"))
    document = {"items": [{"id": n, "name": f"name {n}", "secret": "x" * 20, "tags": ["a", "b"]} for n in range(rows)]}
    data = json.dumps(document).encode()
    benchmark.extra_info["bytes"] = len(data)
    benchmark(change.apply, data)
