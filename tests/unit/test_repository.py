"""Rules that hold for the repository as a whole: its top level, the size of its parts, what its files may not say."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vizgate._version import __version__

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "benchmarks", "deploy", "docs", "examples", "pyproject.toml",
    "tests", "vizgate",
}  # fmt: skip
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MODULES = sorted((ROOT / "vizgate").rglob("*.py"))

# Written apart, so that this file does not hold what it looks for.
_MACHINE_PATH = re.compile(rb"(?<![\w.])/(?:" + b"|".join([b"home", b"root", b"work", b"Users"]) + rb")/\w")


def repository_files() -> Iterator[Path]:
    """Every file that is, or is about to be, part of the repository; without git: every file that looks like it."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        paths = (ROOT / name for name in listed.split("\0") if name)
    else:
        paths = (path for name in TOP_LEVEL for path in [ROOT / name, *(ROOT / name).rglob("*")])
    return (path for path in paths if path.is_file() and "__pycache__" not in path.parts)


def test_top_level_of_repository_holds_listed_entries_only():
    """Beside dot files, the top level is a short list that a newcomer can take in; all of it is there."""
    names = {path.relative_to(ROOT).parts[0] for path in repository_files()}
    assert TOP_LEVEL == {name for name in names if not name.startswith(".")}


def test_files_of_repository_name_no_machine():
    """Nothing here depends on where somebody's checkout or home is."""
    faults = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in repository_files()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if _MACHINE_PATH.search(line)
    ]
    assert [] == faults


def is_module(alias: ast.alias) -> bool:
    """Whether ``from vizgate import ALIAS`` is a module, and not a name that the root hands on."""
    return (ROOT / "vizgate" / f"{alias.name}.py").exists() or (ROOT / "vizgate" / alias.name).is_dir()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_is_small_and_says_what_it_is(path: Path):
    """A module says what it is for, stays within 400 lines, and so do its functions within 60."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES]

    assert ast.get_docstring(tree), "no docstring"
    assert len(text.splitlines()) <= MAX_FILE_LINES
    assert [] == long
    assert path.stem not in {"utils", "helpers", "common", "misc"}


def test_no_module_imports_the_root() -> None:
    """Modules import each other by their own names: the root brings everything, and is where cycles come from."""
    faults = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "vizgate" and not all(map(is_module, node.names)))
        or (isinstance(node, ast.Import) and any(alias.name == "vizgate" for alias in node.names))
    ]
    assert [] == faults


def test_changelog_knows_the_version():
    """The version that ``vizgate version`` shows has a heading in the changelog, or is the one being worked on."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{__version__}]" in changelog or "## [Unreleased]" in changelog


def test_package_is_marked_as_typed():
    """Type checkers of users read our annotations (PEP 561)."""
    assert (ROOT / "vizgate" / "py.typed").is_file()
