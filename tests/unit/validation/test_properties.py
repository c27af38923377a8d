"""What holds for every message: valid ones pass unchanged, and decisions are those of an independent library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizgate.message.headers import Headers
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.validation.config import ValidationConfig
from vizgate.validation.middleware import ValidationMiddleware

WORD = {"type": "string", "minLength": 1, "maxLength": 4, "pattern": "^[a-z]+$"}
SCHEMA: dict[str, Any] = {
    "$defs": {
        "node": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": WORD,
                "size": {"type": "integer", "minimum": 0, "exclusiveMaximum": 100, "multipleOf": 5},
                "note": {"type": ["string", "null"], "maxLength": 3},
                "tags": {"type": "array", "items": {"enum": ["a", "b", 1]}, "uniqueItems": True, "maxItems": 2},
                "kind": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 10}, {"const": "x"}]},
                "next": {"$ref": "#/$defs/node"},
            },
            "dependentRequired": {"tags": ["size"]},
        }
    },
    "$ref": "#/$defs/node",
}
ORACLE = jsonschema.Draft202012Validator(SCHEMA)

_words = st.text("abcxyz", min_size=1, max_size=4)
_leaf = st.fixed_dictionaries(
    {"name": _words, "size": st.integers(0, 19).map(lambda n: n * 5)},
    optional={
        "note": st.none() | st.text(max_size=3),
        "tags": st.lists(st.sampled_from(["a", "b", 1]), unique=True, max_size=2),
        "kind": st.integers(-9, 9) | st.just("x") | st.floats(10.5, 20.25).filter(lambda x: not x.is_integer()),
    },
)
valid_nodes = st.recursive(
    _leaf, lambda inner: st.builds(lambda node, child: {**node, "next": child}, _leaf, inner), max_leaves=4
)
_junk = st.none() | st.booleans() | st.integers(-200, 200) | st.floats(-20, 20) | st.text(max_size=6) | st.just([])


@st.composite
def mutated_nodes(draw: st.DrawFn) -> Any:
    """A valid node with one member of it, at any depth, replaced, removed, or added."""
    root = json.loads(json.dumps(draw(valid_nodes)))
    node = root
    while "next" in node and draw(st.booleans()):
        node = node["next"]
    key = draw(st.sampled_from([*node, "note", "tags", "kind", "size", "other"]))
    if draw(st.booleans()):
        node.pop(key, None)
    else:
        node[key] = draw(_junk)
    return root


@pytest.fixture(scope="module")
def middleware(tmp_path_factory: pytest.TempPathFactory) -> ValidationMiddleware:
    path = tmp_path_factory.mktemp("schemas") / "node.json"
    path.write_text(json.dumps(SCHEMA))
    return ValidationMiddleware(ValidationConfig(schema=path))


def sent(middleware: Callable[..., Any], data: bytes) -> tuple[int, bytes | None, Any]:
    """Status, what the service got, and the answer."""
    seen: list[bytes] = []

    async def service(request: Request) -> Response:
        seen.append(await request.body.read(10**6))
        return Response(200)

    async def run() -> Response:
        headers = Headers([(b"Content-Type", b"application/json")])
        return await middleware(Request("POST", b"/", headers, body=BytesBody(data)), service)

    response = asyncio.run(run())
    return response.status, seen[0] if seen else None, json.loads(response.body.data or b"{}")


relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(value=valid_nodes, indent=st.sampled_from([None, 3]))
def test_valid_instances_pass_unchanged(middleware: ValidationMiddleware, value: Any, indent: int | None) -> None:
    """The service gets the very bytes that the client sent."""
    data = json.dumps(value, indent=indent).encode()
    assert (200, data) == sent(middleware, data)[:2]


@relaxed
@given(value=mutated_nodes() | _junk)
def test_decisions_are_those_of_an_independent_library(middleware: ValidationMiddleware, value: Any) -> None:
    """For instances near the border, the pure-Python jsonschema says the same, and finds faults at the same places."""
    status, passed, answer = sent(middleware, json.dumps(value).encode())
    faults = {"".join(f"/{part}" for part in error.absolute_path) for error in ORACLE.iter_errors(value)}
    assert (status == 200) == (not faults) == (passed is not None)
    assert faults == {error["pointer"] for error in answer.get("errors", ())}


@relaxed
@given(data=st.binary(max_size=80))
def test_any_bytes_are_answered(middleware: ValidationMiddleware, data: bytes) -> None:
    """Whatever a client calls JSON is refused with 400, or is JSON."""
    status, _, _ = sent(middleware, data)
    if status == 200:
        json.loads(data)
    else:
        assert 400 == status
