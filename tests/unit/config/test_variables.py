"""``${NAME}`` and ``${NAME:-default}`` in the texts of a tree."""

from __future__ import annotations

import pytest

from vizgate.config.text import yaml_reader
from vizgate.config.text.nodes import to_plain
from vizgate.config.text.variables import expand
from vizgate.extension.values.fields import Expanded

ENVIRONMENT = {"HOST": "db.internal", "PORT": "8080", "EMPTY": "", "NESTED": "${HOST}"}


def expanded(text: str) -> tuple[object, list[str]]:
    root = yaml_reader.read(text, "f").root
    assert root is not None
    problems = expand(root, ENVIRONMENT)
    return to_plain(root), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${HOST}", "db.internal"),
        ("http://${HOST}:${PORT}/", "http://db.internal:8080/"),
        ("'${HOST}'", "db.internal"),
        ("${MISSING:-x}", "x"),
        ("${MISSING:-}", ""),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY}", ""),
        ("${HOST:-x}", "db.internal"),
        ("${MISSING:-http://a:1/?q}", "http://a:1/?q"),
        ("$${HOST}", "${HOST}"),
        ("$HOST $ {HOST} $$", "$HOST $ {HOST} $$"),
        ("${NESTED}", "${HOST}"),
    ],
)
def test_variable_in_text_is_replaced(written: str, value: str) -> None:
    """A name gives its value, a default stands in for none or an empty one, and ``$${`` is the characters."""
    assert expanded(f"k: {written}") == ({"k": value}, [])


def test_variable_stays_text() -> None:
    """What a variable gives is text, even if it looks like a number; a field of numbers reads it all the same."""
    value, _ = expanded("- ${PORT}")
    assert isinstance(value, list)
    assert value == ["8080"]
    assert isinstance(value[0], Expanded)


def test_variable_in_key_is_no_variable() -> None:
    """Keys are never expanded."""
    assert expanded("{'${HOST}': 1}") == ({"${HOST}": 1}, [])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${MISSING}", "f:2:5 a[0]: the environment variable MISSING is not set. Set it, or write ${MISSING:-default}"),
        ("x${}y", "f:2:5 a[0]: '${}' is no variable."),
        ("${a-b}", "f:2:5 a[0]: '${a-b}' is no variable."),
        ("${1}", "f:2:5 a[0]: '${1}' is no variable."),
        ("${HOST", "f:2:5 a[0]: '${' is no variable."),
    ],
)
def test_variable_that_cannot_be_read_is_a_problem(written: str, message: str) -> None:
    """A variable that is not set, or is written wrongly, is told with its place."""
    _, problems = expanded(f"a:\n  - {written!r}")
    assert problems[0].startswith(message)


def test_every_missing_variable_is_told() -> None:
    """Two missing variables in one text are two problems."""
    assert len(expanded("a: ${X}-${Y}")[1]) == 2
