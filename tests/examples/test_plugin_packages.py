"""Every kind of plugin has an example package, and each passes tests of its own, which hold it to its contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from vizgate.cli.main import main
from vizgate.extension.announced import CONTRACT_VERSION
from vizgate.extension.commands.command import COMMAND_GROUP
from vizgate.extension.registry import GROUP, KINDS, Registry, kind_of

ROOT = Path(__file__).parents[2]


def points_of(packages: list[Path], group: str) -> dict[str, str]:
    projects = [tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"] for package in packages]
    return {name: place for project in projects for name, place in project["entry-points"].get(group, {}).items()}


def test_packages_pass_their_own_tests(packages: list[Path], announcements: Path) -> None:
    """All at once, in a program of their own, as their authors run them."""
    path = os.pathsep.join(map(str, [announcements, *(package / "src" for package in packages)]))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(package / "tests" for package in packages)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 2 * len(packages)


def test_each_kind_has_a_package(packages: list[Path]) -> None:
    """Whatever kind of plugin somebody writes, there is one to begin with."""
    registry = Registry({})
    kinds = set()
    for name in points_of(packages, GROUP):
        found = next(kind for kind in KINDS if _is_kind(registry, kind, name))
        kinds.add(found)
    assert set(KINDS) == kinds
    assert {"targets"} == set(points_of(packages, COMMAND_GROUP))


def _is_kind(registry: Registry, kind: str, name: str) -> bool:
    try:
        return kind_of(registry.resolve(kind, name)) == kind
    except Exception:  # noqa: BLE001  # it is of another kind
        return False


def test_packages_say_which_contract_they_keep(packages: list[Path]) -> None:
    """All but the first one, which shows how little is needed."""
    for package in packages:
        (source,) = (package / "src").rglob("__init__.py")
        says = f"contract_version = {CONTRACT_VERSION}" in source.read_text("utf-8")
        assert says or package.name == "plugin-package", package.name


def test_suites_are_used(packages: list[Path]) -> None:
    """Each package but the command is held to what its kind promises."""
    for package in packages:
        (tests,) = (package / "tests").glob("test_*.py")
        assert re.search(r"\bcheck_\w+\(", tests.read_text("utf-8")) or package.name == "plugin-command", package.name


def test_plugins_lists_all_of_them(packages: list[Path], capsys) -> None:
    """``vizgate plugins`` knows every package, and has no complaint."""
    assert 0 == main(["plugins"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    names = points_of(packages, GROUP) | points_of(packages, COMMAND_GROUP)
    assert {(name, place) for name, place in names.items()} <= {(row[0], row[-1]) for row in rows}
