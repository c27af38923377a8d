"""Files of documents: what is read, and what is refused."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.validation.document.files import MAX_FILE_BYTES, FileRefused, Folder
from vizgate.validation.document.problems import MAX_PROBLEMS, DocumentError, Problems
from vizgate.validation.document.yaml_text import MAX_DEPTH, read_yaml


def yaml(text: str) -> Any:
    problems = Problems()
    value = read_yaml(text, "t.yaml", problems)
    problems.raise_any()
    return value


def test_yaml_means_what_json_could_say() -> None:
    """Plain scalars by YAML 1.2; keys are texts; quoted scalars are texts."""
    text = "a: [1, -2, 1.5, 1e3, true, null, ~, on, 010, 2026-01-01, '1', \"x\"]\n200: {b: !!str x}\n"
    with pytest.raises(DocumentError, match="tags are refused"):
        yaml(text)
    assert {
        "a": [1, -2, 1.5, 1000.0, True, None, None, "on", "010", "2026-01-01", "1", "x"],
        "200": {"b": "x"},
    } == yaml(text.replace("!!str ", ""))


def test_yaml_aliases_and_merges_are_followed() -> None:
    """An alias is the value of its anchor; keys that are there win over merged ones."""
    assert {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3, "z": 4}, "c": {"x": 1, "y": 2}} == yaml(
        "a: &a {x: 1, y: 2}\nb: {<<: [*a], y: 3, z: 4}\nc: *a\n"
    )


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", "t.yaml:3:1", "twice"),
        ("a: [1\n", "t.yaml:2:1", "not valid YAML"),
        ("a: *b\n", "t.yaml:1:4", "no finished anchor"),
        ("a: &a [*a]\n", "t.yaml:1:8", "no finished anchor"),
        ("? [1]\n: 2\n", "t.yaml:1:3", "only a text"),
        ("a: 1\n---\nb: 2\n", "t.yaml:2:1", "second document"),
        ("[" * 200 + "]" * 200, "t.yaml:1:", "nested"),
        ("a: \x00", "t.yaml", "control character"),
    ],
)
def test_broken_yaml_is_told_with_its_place(text: str, place: str, reason: str) -> None:
    """A fault of the text has a line and a column."""
    with pytest.raises(DocumentError, match=reason) as caught:
        yaml(text)
    assert str(caught.value).startswith(place)


def test_alias_bomb_is_bounded() -> None:
    """Aliases count as what they repeat, so that a billion laughs end early."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(DocumentError, match="more than 500000 values"):
        yaml("\n".join(lines))


@given(st.text(max_size=60))
def test_any_text_is_yaml_or_told(text: str) -> None:
    """Nothing but DocumentError is raised."""
    with contextlib.suppress(DocumentError):
        yaml(text)


def test_number_of_problems_is_bounded() -> None:
    """After 30 problems reading stops."""
    text = "".join("a: 1\n" for _ in range(100))
    with pytest.raises(DocumentError) as caught:
        yaml(text)
    assert MAX_PROBLEMS == len(caught.value.problems)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "api"
    (inside / "schemas").mkdir(parents=True)
    (inside / "main.yaml").write_text("a: 1")
    (inside / "schemas" / "pet.json").write_text('{"x": 1}')
    (tmp_path / "secret.yaml").write_text("s: 1")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    return inside


def test_files_beside_are_read_once(folder: Path) -> None:
    """A relative path starts from the file that it stands in."""
    found = Folder(folder / "main.yaml", Problems())
    pet = found.open(found.main, "schemas/pet.json")
    assert {"x": 1} == pet.value
    assert found.main is found.open(pet, "../main.yaml")
    assert pet is found.open(pet, "")
    assert pet is found.open(pet, "pet%2Ejson")


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.yaml",
        "/etc/passwd",
        "link.yaml",
        "%2e%2e/secret.yaml",
        "http://127.0.0.1/x.yaml",
        "file:///etc/passwd",
        "//host/x.yaml",
        "missing.yaml",
        "schemas",
    ],
)
def test_other_files_are_not_read(folder: Path, reference: str) -> None:
    """Nothing outside of the folder, by whatever spelling or link, and nothing over the network."""
    found = Folder(folder / "main.yaml", Problems())
    with pytest.raises(FileRefused):
        found.open(found.main, reference)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ("{", "main.json:1:2: not valid JSON"),
        ("NaN", "NaN is not JSON"),
        ("[" * 5000, "nested"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nested"),
    ],
)
def test_broken_json_is_told(tmp_path: Path, text: str, reason: str) -> None:
    """JSON is read strictly, too."""
    (tmp_path / "main.json").write_text(text)

    def read() -> None:
        problems = Problems()
        Folder(tmp_path / "main.json", problems)
        problems.raise_any()

    with pytest.raises(DocumentError, match=reason):
        read()


def test_deep_enough_json_is_read(tmp_path: Path) -> None:
    """The bound is on depth, not on size."""
    (tmp_path / "main.json").write_text(json.dumps([[[1]]] * 1000))
    Folder(tmp_path / "main.json", Problems())


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    """Missing, too large, not UTF-8."""
    with pytest.raises(DocumentError, match="cannot read the file"):
        Folder(tmp_path / "no.yaml", Problems())
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(DocumentError, match="over 8MiB"):
        Folder(tmp_path / "big.yaml", Problems())
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(DocumentError, match="byte 3 is not UTF-8"):
        Folder(tmp_path / "latin.yaml", Problems())
