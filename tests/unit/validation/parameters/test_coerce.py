"""What texts stand for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.validation.parameters.coerce import SCALARS, Shape, form_value, values_of


def shape(*kinds: str, **more: Any) -> Shape:
    return Shape(frozenset(kinds), **more)


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("5", ["integer"], [5, "5"]),
        ("-0", ["integer"], [0, "-0"]),
        ("1.0", ["integer"], ["1.0"]),
        ("01", ["integer"], ["01"]),
        ("+1", ["integer"], ["+1"]),
        ("\u0661", ["integer"], ["\u0661"]),
        ("1_000", ["integer"], ["1_000"]),
        ("1" * 400, ["integer"], ["1" * 400]),
        ("1.5", ["number"], [1.5, "1.5"]),
        ("1e3", ["number"], [1000.0, "1e3"]),
        ("1e999", ["number"], ["1e999", "1e999"]),
        ("NaN", ["number"], ["NaN"]),
        (".5", ["number"], [".5"]),
        ("true", ["boolean"], [True, "true"]),
        ("True", ["boolean"], ["True"]),
        ("1", ["boolean"], ["1"]),
        ("", ["null", "string"], [None, ""]),
        ("null", ["null"], [None, "null"]),
        ("5", ["string"], ["5"]),
        ("5", ["string", "integer"], [5, "5"]),
    ],
)
def test_text_stands_for_what_its_type_says(text: str, kinds: list[str], expected: list[Any]) -> None:
    """Numbers are written as JSON writes them; what does not fit stays a text, for the schema to refuse."""
    found = list(values_of(text, shape(*kinds)))
    assert expected == found
    assert [type(item) for item in expected] == [type(item) for item in found]


def test_list_items_are_read_by_their_own_type() -> None:
    """Each item is read as the items of the schema are; where texts are allowed, they are tried, too."""
    assert [[1, 2, "x"]] == list(values_of(["1", "2", "x"], shape("array", items=shape("integer"))))
    mixed = shape("array", items=shape("integer", "string"))
    assert [[1], ["1"]] == list(values_of(["1"], mixed))


def test_properties_are_read_by_their_own_type() -> None:
    """Named properties, others, and lists in them."""
    one = shape(
        "object",
        properties={"n": shape("integer"), "l": shape("array", items=shape("number"))},
        others=shape("boolean"),
    )
    texts: dict[str, str | list[str]] = {"n": "1", "l": ["1.5", "2"], "x": "true"}
    assert [{"n": 1, "l": [1.5, 2], "x": True}] == list(values_of(texts, one))
    assert [{"l": [3]}] == list(values_of({"l": "3"}, one))


def test_form_fields_may_hold_json() -> None:
    """An object in a form is JSON; lists repeat the name; what is no JSON stays a text."""
    assert {"a": [1]} == form_value(['{"a": [1]}'], shape("object"))
    assert "{" == form_value(["{"], shape("object"))
    assert [1, 2] == form_value(["1", "2"], shape("array", items=shape("integer")))
    assert ["1", "2"] == form_value(["1", "2"], shape("integer"))
    assert 1 == form_value(["1"], shape("integer"))


@given(st.text(max_size=40), st.sets(st.sampled_from(sorted(SCALARS)), min_size=1))
def test_every_text_stands_for_something(text: str, kinds: set[str]) -> None:
    """There is at least one value, the last is the text itself, and nothing raises."""
    assert text == list(values_of(text, Shape(frozenset(kinds))))[-1]


@given(st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back(number: float) -> None:
    """A number written as JSON is read as that number."""
    import json

    assert number == next(iter(values_of(json.dumps(number), shape("number"))))
