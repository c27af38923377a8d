"""What ``pip install vizgate`` gives: the whole package, its types, its command, its licence."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vizgate._version import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel of this tree, opened."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_wheel_holds_the_whole_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Every file of the package, the marker of type hints too, is in the wheel; tests, examples and docs are not."""
    files = [path for path in (ROOT / "vizgate").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    wanted = {str(path.relative_to(ROOT)) for path in files}
    assert "vizgate/py.typed" in wanted
    assert wanted == {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_wheel_has_command_and_licence(wheel: zipfile.ZipFile) -> None:
    """The wheel brings the command ``vizgate`` and the text of its licence."""
    info = f"vizgate-{__version__}.dist-info"
    assert "vizgate = vizgate.cli.main:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


def test_dependencies_are_explained() -> None:
    """Each dependency has a reason in the documentation, and none is listed there that is not one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {requirement.split(">=")[0].split("[")[0] for requirement in project["dependencies"]}
    text = (ROOT / "docs" / "reference" / "dependencies.md").read_text("utf-8").partition("## Extras")[0]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert names == set(rows) - {"package", "---"}
