"""Pydantic's findings in words for people, each at its place."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vizgate.config.text import yaml_reader
from vizgate.config.text.nodes import to_plain
from vizgate.config.text.variables import expand
from vizgate.config.words import problems_of

Refused = Callable[..., list[str]]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    one: int = 1
    aliased: int = Field(default=1, alias="two-words")


class Model(BaseModel):
    """A model of a stranger's plugin, with plain types."""

    model_config = ConfigDict(extra="forbid")

    number: int = 0
    fraction: float = 0.0
    flag: bool = False
    text: str = ""
    short: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]+$")] = "ab"
    word: Annotated[str, Field(min_length=1)] = "a"
    above: Annotated[int, Field(gt=1, lt=5)] = 2
    pair: Annotated[list[int], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [1, 2])
    colour: Colour = Colour.RED
    either: str | list[str] = ""
    form: Inner | int = 1
    by_name: dict[str, Inner] = Field(default_factory=dict)
    several: list[Inner] = Field(default_factory=list)
    own: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value:
            raise ValueError(f"{value[:7]} does not please")
        return value


def told(text: str, environment: dict[str, str] | None = None) -> list[str]:
    root = yaml_reader.read(text, "f").root
    assert root is not None
    expand(root, environment or {})
    with pytest.raises(ValidationError) as caught:
        Model.model_validate(to_plain(root))
    return [f"{problem}" for problem in problems_of(caught.value, root, model=Model)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("number: many", "f:1:9 number: must be a whole number, not the text 'many'"),
        ("number: 1.5", "f:1:9 number: must be a whole number, not the number 1.5"),
        ("number: [1]", "f:1:9 number: must be a whole number, not a list"),
        ("number: ~", "f:1:9 number: must be a whole number, not empty"),
        ("fraction: x", "f:1:11 fraction: must be a number, not the text 'x'"),
        ("flag: maybe", "f:1:7 flag: must be true or false, not the text 'maybe'"),
        ("text: 5", "f:1:7 text: must be a text, not the number 5. Put it in quotes"),
        ("text: true", "f:1:7 text: must be a text, not true. Put it in quotes"),
        ("text: {a: 1}", "f:1:7 text: must be a text, not a mapping"),
        ("short: a", "f:1:8 short: must have at least 2 characters"),
        ("short: abcd", "f:1:8 short: must have at most 3 characters"),
        ("short: A1", "f:1:8 short: must match the pattern ^[a-z]+$, which the text 'A1' does not"),
        ("word: ''", "f:1:7 word: must not be empty"),
        ("above: 1", "f:1:8 above: must be more than 1, not the number 1"),
        ("above: 5", "f:1:8 above: must be less than 5, not the number 5"),
        ("pair: [1]", "f:1:7 pair: must have at least 2 entries"),
        ("pair: [1, 2, 3]", "f:1:7 pair: must have at most 2 entries"),
        ("colour: rde", "f:1:9 colour: must be one of red, blue, not the text 'rde'. Did you mean 'red'?"),
        ("colour: green", "f:1:9 colour: must be one of red, blue, not the text 'green'. Change it"),
        ("either: 5", "f:1:9 either: must be a text or a list, not the number 5. Put it in quotes"),
        ("either: [a, 5]", "f:1:13 either[1]: must be a text, not the number 5. Put it in quotes"),
        ("form: x", "f:1:7 form: must be a mapping or a whole number, not the text 'x'"),
        ("form: {oen: 1}", "f:1:8 form.oen: there is no key 'oen' here. Did you mean 'one'?"),
        ("by_name: {one: {oen: 1}}", "f:1:17 by_name.one.oen: there is no key 'oen' here. Did you mean 'one'?"),
        ("several: [{two_words: 1}]", "f:1:12 several[0].two_words: there is no key 'two_words' here. Did you mean"),
        ("xyz: 1", "f:1:1 xyz: there is no key 'xyz' here. Keys here: above, by_name, colour, "),
        ("several: [hunter2]", "f:1:11 several[0]: must be a mapping, not a text"),
        ("by_name: {one: 4711}", "f:1:16 by_name.one: must be a mapping, not a number or a word"),
        ("own: nothing", "f:1:6 own: nothing does not please"),
    ],
)
def test_finding_is_told_in_words_with_its_place(text: str, problem: str) -> None:
    """Types, bounds, literals, unions and unknown keys are told without a word of pydantic, one problem each."""
    (found,) = told(text)
    assert found.startswith(problem)


@pytest.mark.parametrize("value", ["hunter2", "'hunter2'", "4711"])
def test_value_in_the_place_of_a_mapping_is_never_told(value: str) -> None:
    """Where a whole part is missing, what was written for it may be the secret that belongs inside."""
    assert [value.strip("'") in found for found in told(f"several: [{value}]")] == [False]


@pytest.mark.parametrize("key", ["number", "fraction", "flag", "colour", "above", "pair", "own", "short", "form"])
def test_value_of_a_variable_is_never_told(key: str) -> None:
    """A variable may hold a secret that went to the wrong key: no part of it is in a message."""
    (found,) = told(f"{key}: 'x-${{TOKEN}}'", {"TOKEN": "Zq9-Hunter2-Wv"})
    for start in range(len("Zq9-Hunter2-Wv") - 3):
        assert "Zq9-Hunter2-Wv"[start : start + 4] not in found
    assert "TOKEN" in found or key in found


def test_consequence_of_a_told_problem_is_not_told(refused: Refused) -> None:
    """A value that could not be read is not also of the wrong type; a key that was refused is not also missing."""
    assert len(refused("server: {limits: {headers: '${NOPE}'}}")) == 1
    assert len(refused("services: {a: {discovery: {dns: x}}}")) == 1


def test_odd_keys_and_values_are_escaped_and_cut(refused: Refused) -> None:
    """A message stays one bounded line, whatever the text holds."""
    found = refused(f'"a\\nb\\e[31m{"x" * 500}": 1\nserver: {{http: "{"y" * 500}\\n"}}')
    assert all("\x1b" not in problem and len(problem) < 400 for problem in found)
    assert len(found) == 2
