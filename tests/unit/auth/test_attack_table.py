"""The table of attacks is true: each row names a test, and the tests are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "auth-attacks.md"
_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
ROWS = [
    line
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| attack |", "| --- |"))
]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_row_names_tests_that_exist(row: str) -> None:
    """An answer without a test is a wish."""
    named = _TEST.findall(row.split("|")[-2])
    assert named
    assert [] == [f"{file}::{test}" for file, test in named if test not in names_in(ROOT / "tests" / file)]
