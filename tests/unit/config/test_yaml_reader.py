"""YAML into a tree of nodes with places."""

from __future__ import annotations

import gc
import time

import pytest
import yaml

from vizgate.config.problems import Problem
from vizgate.config.text import events, yaml_reader
from vizgate.config.text.nodes import Mapping, Scalar, find, to_plain


@pytest.fixture(autouse=True, params=["CSafeLoader", "SafeLoader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rule holds with libyaml and without it."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(events, "_Loader", getattr(yaml, request.param))


def plain(text: str) -> object:
    document = yaml_reader.read(text, "f")
    assert document.problems == []
    assert document.root is not None
    return to_plain(document.root)


def problems(text: str) -> list[str]:
    return [str(problem) for problem in yaml_reader.read(text, "f").problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
    ],
)
def test_plain_scalar_by_yaml_1_2_is_a_value(written: str, value: object) -> None:
    """Flags, nothing, whole numbers and decimal fractions are values, as YAML 1.2 says."""
    assert plain(f"[{written or '~'}]") == [value]
    assert plain(f"k: {written}") == {"k": value}


@pytest.mark.parametrize(
    "written",
    ["on", "off", "yes", "no", "y", "12:30:45", "010", "0x1f", "0o17", "1_000", "2027-01-01", "2027-01-01T00:00:00Z",
     ".inf", ".nan", "1.2.3", "+", "-", ".", "..", "e5", "1e999", "1" * 5000],
)  # fmt: skip
def test_plain_scalar_of_yaml_1_1_stays_text(written: str) -> None:
    """What YAML 1.1 turned into flags, times, octal numbers and dates is the text that stands there."""
    assert plain(f"k: {written if written != '-' else '+-'}") == {"k": written if written != "-" else "+-"}


@pytest.mark.parametrize("written", ["'5'", '"5"', "|-\n  5", ">-\n  5"])
def test_quoted_or_block_scalar_is_text(written: str) -> None:
    """Quotes and blocks make a text of everything."""
    assert plain(f"k: {written}") == {"k": "5"}


def test_keys_are_text() -> None:
    """A key is the text that stands there, whatever it looks like."""
    assert plain("{1: a, true: b, off: c}") == {"1": "a", "true": "b", "off": "c"}


def test_places_are_line_and_column_from_one() -> None:
    """Each value and each key knows where it begins, counted in characters."""
    root = yaml_reader.read("a:\n  ü: [1, {b: x}]\n", "f").root
    assert isinstance(root, Mapping)
    inner = find(root, ("a", "ü", 1, "b"))
    assert inner is not None
    assert str(inner.place) == "f:2:14"
    assert str(root.key_places["a"]) == "f:1:1"
    outer = root.entries["a"]
    assert isinstance(outer, Mapping)
    assert str(outer.key_places["ü"]) == "f:2:3"


def test_empty_text_is_no_tree() -> None:
    """Nothing, blank lines and comments are no value and no problem of the reader."""
    for text in ("", "\n\n", "# only a comment\n", "\ufeff"):
        document = yaml_reader.read(text, "f")
        assert (document.root, document.problems) == (None, [])


def test_byte_order_mark_is_skipped() -> None:
    """Editors on Windows write one."""
    assert plain("\ufeffa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", "f:2:1 a: duplicate key, first written at line 1. Remove one of them"),
        ("x: {b: 1,\n  b: 2, b: 3}", "f:2:3 x.b: duplicate key, first written at line 1. Remove one of them"),
        ("a: 1\n? \n: 2", "f:"),
        ("[1, 2]: x", "f:1:1 (document): a list or mapping cannot be a key. Write a text"),
        ("{[1]: x}", "f:1:2 (document): a list or mapping cannot be a key. Write a text"),
        ("a: !!python/object/apply:os.system [x]", "f:1:4 a: tags are refused: '!!python/object/apply:os.system'."),
        ("a: !custom x", "f:1:4 a: tags are refused: '!custom'."),
        ("a: !!str 5", "f:1:4 a: tags are refused: '!!str'."),
        ("!!map {a: 1}", "f:1:1 (document): tags are refused: '!!map'."),
        ("a: 1\n---\nb: 2", "f:2:1 (document): a second document begins."),
        ("a: *nope", "f:1:4 a: there is no anchor &nope above."),
        ("a: &x [*x]", "f:1:8 a[0]: *x refers to the value it stands in. Remove it"),
        ("a: &x 1\n*x : 2", "f:2:1 (document): an alias cannot be a key. Write a text"),
        ("a: b: c", "f:1:5 (document): not valid YAML: mapping values are not allowed"),
        ("a: [1, 2", "f:"),
        ("a: {b: ${X}}", "f:1:"),
        ("a:\n\t- b", "f:2:1 (document): not valid YAML:"),
        ("a: \x01b", "f:1:4 (document): a control character cannot stand here. Remove it"),
        ("a: \ud800", "f:1:4 (document): "),
        ("a: &x 1\nb: {<<: *x}", "f:1:4 b: '<<' takes a mapping"),
    ],
)
def test_fault_in_text_is_a_problem_with_its_place(text: str, problem: str) -> None:
    """Whatever is wrong with the text itself is told with line and column."""
    assert problems(text)[0].startswith(problem)


def test_variable_in_a_flow_collection_is_told_to_be_quoted() -> None:
    """Braces inside braces are YAML's own; the message says how to write a variable there."""
    assert problems("a: {b: ${X}}")[0].endswith("Quote '${NAME}' inside [ ] and { }")


def test_all_duplicates_are_told() -> None:
    """Reading goes on behind a fault where it can."""
    assert len(problems("a: 1\na: 2\nb: !x 1\na: 3\n")) == 3


def test_alias_repeats_a_value() -> None:
    """Anchors and aliases may save typing; every use is a value of its own."""
    assert plain("a: &x {b: [1]}\nc: *x\n") == {"a": {"b": [1]}, "c": {"b": [1]}}
    root = yaml_reader.read("a: &x {b: [1]}\nc: *x\n", "f").root
    assert root is not None
    assert find(root, ("a", "b")) is not find(root, ("c", "b"))


def test_merge_key_takes_over_what_is_missing() -> None:
    """``<<`` fills in keys of one mapping or several; what is written wins, then the first of them."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {<<: *a}\n"
    merged = plain(text)
    assert isinstance(merged, dict)
    assert (merged["c"], merged["d"]) == ({"x": 3, "y": 1, "z": 2}, {"x": 1, "y": 1})


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(), "aliases repeat more than"),
        ("[" * 500_000, "nested more than"),
        ("{a: " * 200_000, "nested more than"),
        ("\n".join(" " * n + "a:" for n in range(900)), "nested more than"),
        ("- " * 300_000, "nested more than"),
        ("a: 1\n" * 150_000, "duplicate key"),
        ("[" + "1," * 400_000 + "]", "more than 100000 values"),
        ("x" * (10 * 1024 * 1024), "more than 1048576"),
    ],
    ids=[
        "alias bomb",
        "flow lists",
        "flow mappings",
        "block mappings",
        "block lists",
        "duplicates",
        "values",
        "10 MiB",
    ],
)
def test_hostile_text_is_refused_quickly(text: str, message: str) -> None:
    """A bomb of aliases, depth, values or bytes is refused by its bound, before it costs a second of processor time."""
    gc.collect()  # what other tests have left is not this text's cost
    began = time.process_time()
    found = problems(text)
    spent = time.process_time() - began
    assert message in found[0]
    assert len(found) <= yaml_reader.MAX_PROBLEMS
    # The reader in pure Python needs some 40 times longer than libyaml for the same number of values.
    assert spent < (1 if events._Loader is not yaml.SafeLoader else 30)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: \xff\n", "f:1:4 (document): byte 0xff is not UTF-8."),
        ("a: ü\nb: ".encode() + b"\xe9\n", "f:2:4 (document): byte 0xe9 is not UTF-8."),
        ("a: 1".encode("utf-16"), "f:1:1 (document): the file is UTF-16."),
        (b"a" * (1024 * 1024 + 1), "f:1:1 (document): the text has 1048577 bytes, more than 1048576."),
    ],
)
def test_bytes_that_are_no_text_are_a_problem(data: bytes, problem: str) -> None:
    """A file must be UTF-8; the first byte that is not is told with its place."""
    found = events.decode(data, "f")
    assert isinstance(found, Problem)
    assert str(found).startswith(problem)


def test_bytes_with_byte_order_mark_are_text() -> None:
    """A mark in front of UTF-8 is not part of the text."""
    assert events.decode(b"\xef\xbb\xbfa: 1", "f") == "a: 1"


def test_scalar_knows_whether_it_was_quoted() -> None:
    """A message may advise to remove quotes only where there are some."""
    root = yaml_reader.read("[a, 'a']", "f").root
    assert root is not None
    first, second = find(root, (0,)), find(root, (1,))
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert (first.plain, second.plain) == (True, False)
