"""Changes to JSON documents."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.transform.json_body.change import JsonChange, NotJson
from vizgate.transform.json_body.config import JsonBodyConfig, JsonChanges
from vizgate.transform.json_body.path import parse_path

DOCUMENT = {
    "id": 7,
    "user": {"name": "a", "password": "x", "address": {"city": "b", "zip": "1"}},
    "items": [{"id": 1, "secret": 2}, {"id": 2, "secret": 3}, 5],
}
_keys = st.sampled_from(["a", "b", "c"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)
_dotted = {"a.b": {"c": 1, 'd"e': 2, "": 3}, "a": {"b": 4}}
_paths = st.lists(st.lists(_keys, min_size=1, max_size=3).map(".".join), min_size=1, max_size=4)


def changed(value: Any, **config: Any) -> Any:
    return JsonChange(JsonChanges.model_validate(config)).change(value)


@pytest.mark.parametrize(
    ("config", "result"),
    [
        ({"pick": ['"a.b".c']}, {"a.b": {"c": 1}}),
        ({"pick": ["a.b"]}, {"a": {"b": 4}}),
        ({"drop": ['"a.b"']}, {"a": {"b": 4}}),
        ({"drop": [r'"a.b"."d\"e"', '"a.b".""', '"a".b']}, {"a.b": {"c": 1}, "a": {}}),
        ({"pick": ['"a.b".c'], "rename": {'"a.b".c': "x.y"}}, {"a.b": {"x.y": 1}}),
    ],
)
def test_change_of_keys_with_dots(config: dict[str, Any], result: Any) -> None:
    """A key in quotes is one key, whatever it holds."""
    assert result == changed(_dotted, **config)


@given(st.lists(st.text(), min_size=1, max_size=20))
def test_every_key_can_be_named(keys: list[str]) -> None:
    """With quotes around it, and a backslash before a quote and before another backslash."""
    quoted = ['"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys]
    assert tuple(keys) == parse_path(".".join(quoted))


@given(st.text(alphabet='ab."\\', max_size=12))
def test_paths_are_refused_or_name_what_they_say(text: str) -> None:
    """No path means less than it says: what is left over makes it none."""
    try:
        keys = parse_path(text)
    except ValueError:
        return
    assert sum(map(len, keys)) + len(keys) - 1 <= len(text)
    if '"' not in text:
        assert text.split(".") == list(keys)


@pytest.mark.parametrize(
    ("config", "result"),
    [
        ({"pick": ["id", "user.name"]}, {"id": 7, "user": {"name": "a"}}),
        ({"pick": ["items.id"]}, {"items": [{"id": 1}, {"id": 2}]}),
        ({"pick": ["user", "user.name"]}, {"user": DOCUMENT["user"]}),
        ({"pick": ["nobody"]}, {}),
        ({"pick": []}, {}),
        ({"drop": ["user", "items"]}, {"id": 7}),
        (
            {"pick": ["user"], "drop": ["user.password", "user.address.zip"]},
            {"user": {"name": "a", "address": {"city": "b"}}},
        ),
        ({"pick": ["items"], "drop": ["items.secret"]}, {"items": [{"id": 1}, {"id": 2}, 5]}),
        ({"pick": ["id"], "rename": {"id": "key"}}, {"key": 7}),
        (
            {"pick": ["items"], "rename": {"items.id": "key"}},
            {"items": [{"key": 1, "secret": 2}, {"key": 2, "secret": 3}, 5]},
        ),
        ({"pick": ["id"], "rename": {"nobody": "key"}}, {"id": 7}),
        ({"pick": ["id"], "wrap": "data"}, {"data": {"id": 7}}),
    ],
)
def test_change_example(config: dict[str, Any], result: Any) -> None:
    """Paths lead through objects and through every item of lists; the order is pick, drop, rename, wrap."""
    assert result == changed(DOCUMENT, **config)


def test_rename_takes_the_place_of_the_old_key() -> None:
    """The order of the keys stays, and what had the new name before is gone."""
    assert [("a", 1), ("z", 2), ("c", 3)] == list(changed({"a": 1, "b": 2, "z": 0, "c": 3}, rename={"b": "z"}).items())


@pytest.mark.parametrize("value", [1, "x", None, [1, 2]])
def test_documents_that_are_no_objects(value: Any) -> None:
    """A number has nothing to drop; picking from it leaves nothing."""
    assert value == changed(value, drop=["a"])
    assert {"data": value} == changed(value, wrap="data")
    assert changed(value, pick=["a"]) == ([] if isinstance(value, list) else None)


def walk(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(value, list):
        return {found for item in value for found in walk(item, path)}
    if isinstance(value, dict):
        return {found for key, item in value.items() for found in {(*path, key)} | walk(item, (*path, key))}
    return set()


@given(_values, _paths)
def test_picked_has_only_what_was_listed_and_dropped_has_none_of_it(value: Any, paths: list[str]) -> None:
    """Whatever the document: no path of a picked one leads elsewhere, and no dropped path is left."""
    wanted = [tuple(path.split(".")) for path in paths]
    for found in walk(changed(value, pick=paths)):
        assert any(found[: len(path)] == path or path[: len(found)] == found for path in wanted)
    left = walk(changed(value, drop=paths))
    assert not any(path in left for path in wanted)


@given(_values, _paths)
def test_change_keeps_json_json(value: Any, paths: list[str]) -> None:
    """What goes out is JSON with the change in it, and wrapping alone changes nothing inside."""
    data = json.dumps(value).encode()
    assert {"w": value} == json.loads(JsonChange(JsonChanges(wrap="w")).apply(data))
    assert changed(value, drop=paths) == json.loads(JsonChange(JsonChanges(drop=tuple(paths))).apply(data))


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_not(data: bytes) -> None:
    """No bytes break it in another way."""
    with contextlib.suppress(NotJson):
        json.loads(JsonChange(JsonChanges(wrap="w")).apply(data))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"NaN", b"[Infinity]", b"[1e999]", "{}".encode("utf-16"), b'"\xff"', b"{}{}", b"[" * 100_000,
        b"[" * 900 + b"]" * 900, b"1" * 5000,
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_json_is_told(data: bytes) -> None:
    """RFC 8259: no NaN, UTF-8 only, one value; and what nests too deeply or is too large is not looked at."""
    change = JsonChange(JsonChanges(drop=("a",)))
    try:
        result = change.apply(data)
    except NotJson:
        return
    assert json.loads(result) == json.loads(data), "what can be read must come out as it was"


def test_half_a_surrogate_pair_stays_escaped() -> None:
    """Valid JSON that UTF-8 cannot hold goes out as ASCII."""
    assert b'{"w":"\\ud800"}' == JsonChange(JsonChanges(wrap="w")).apply(b'"\\ud800"')


def test_key_that_stands_twice_goes_out_once() -> None:
    """Nobody behind the gateway can take another one of them than what was checked here."""
    assert b'{"a":2}' == JsonChange(JsonChanges(drop=("b",))).apply(b'{"a":1,"a":2,"b":3}')


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "Write request or response"),
        ({"request": {}}, "Write pick, drop, rename or wrap"),
        ({"request": {"pick": ["a..b"]}}, "no path into a document"),
        ({"request": {"pick": ['"a']}}, "no path into a document"),
        ({"request": {"pick": ['"a"b']}}, "no path into a document"),
        ({"request": {"drop": [".".join("a" * 21)]}}, "no path into a document"),
        ({"request": {"rename": {"a": ""}}}, "at least 1"),
        ({"request": {"wrap": "a"}, "limit": 0}, "greater than 0"),
    ],
)
def test_config_refuses(config: dict[str, Any], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        JsonBodyConfig.model_validate(config)
