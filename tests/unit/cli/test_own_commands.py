"""Commands that packages bring."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from importlib import invalidate_caches
from pathlib import Path

import pytest

from vizgate.extension.commands.command import COMMAND_GROUP

MODULE = "acme_own_command"
GOOD = """
from vizgate import Command, VizgateError

class Greet(Command):
    summary = "greet somebody"

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--how", default="hello")

    def run(self, args):
        if args.name == "nobody":
            raise VizgateError("nobody is there")
        if args.name == "bug":
            raise KeyError("oops")
        if args.name == "text":
            return "text"
        print(args.how, args.name)
        return 7 if args.name == "seven" else None

class Old(Command):
    contract_version = 0
    def run(self, args): return 0

class New(Command):
    contract_version = 99
    def run(self, args): return 0

class Broken(Command):
    def add_arguments(self, parser):
        raise ValueError("no arguments today")
    def run(self, args): return 0

class NoCommand: ...
"""


class Packages:
    """Installs distributions that announce commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / f"{MODULE}.py").write_text(textwrap.dedent(GOOD), "utf-8")

    def install(self, distribution: str, **commands: str) -> None:
        info = self.folder / f"{distribution}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n", "utf-8")
        lines = [f"{name} = {place}" for name, place in commands.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{COMMAND_GROUP}]", *lines, ""]), "utf-8")
        invalidate_caches()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Packages(tmp_path)
    sys.modules.pop(MODULE, None)


@pytest.fixture
def greet(packages: Packages) -> None:
    packages.install("acme", greet=f"{MODULE}:Greet")


@pytest.mark.usefixtures("greet")
def test_command_runs_with_its_arguments(run) -> None:
    """``vizgate NAME`` is the package's, exit code included; None means that all is well."""
    assert (0, "hi you\n", "") == run("greet", "you", "--how", "hi")
    assert 7 == run("greet", "seven")[0]


@pytest.mark.usefixtures("greet")
def test_command_explains_itself(run) -> None:
    """Its help is that of every command."""
    code, out, _ = run("greet", "--help")
    assert 0 == code
    assert out.startswith("usage: vizgate greet")
    assert "Greet somebody." in out
    assert "--log-level" in out


@pytest.mark.usefixtures("greet")
def test_help_lists_commands_without_importing_them(run) -> None:
    """What is listed is what the packages announce."""
    _, out, _ = run("--help")
    assert "greet" in out
    assert "of acme 1.2" in out
    assert MODULE not in sys.modules


@pytest.mark.usefixtures("greet")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody", "vizgate: nobody is there\n"),
        ("bug", "vizgate: the command 'greet' of acme 1.2 failed: KeyError: 'oops'\n"),
        ("text", "vizgate: the command 'greet' of acme 1.2 gave no exit code but 'text'. Mend it\n"),
    ],
)
def test_failure_of_a_command_is_told_in_a_line(run, name: str, message: str) -> None:
    """What it raises on purpose is its own message; anything else names the package."""
    assert (1, "", message) == run("greet", name)


@pytest.mark.usefixtures("greet")
def test_debug_shows_where_a_command_failed(run) -> None:
    """Its author sees the traceback."""
    assert "Traceback" in run("greet", "bug", "--log-level", "debug")[2]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("no_such_module:A", "cannot be imported from no_such_module:A: ModuleNotFoundError"),
        (f"{MODULE}:NoCommand", "is the class NoCommand, not a subclass of vizgate.extension.commands.command.Command"),
        (f"{MODULE}:Old", "was written for contract 0 of vizgate, which keeps contract 1. Install a newer acme"),
        (f"{MODULE}:New", "contract 99 of vizgate, which keeps contract 1. Install a newer vizgate, or an older acme"),
        (f"{MODULE}:Broken", "the command 'it' of acme 1.2 cannot be used: ValueError: no arguments today"),
    ],
)
def test_command_that_cannot_be_used_names_its_package(run, packages: Packages, place: str, message: str) -> None:
    """Asked for, it is an error; other commands go on."""
    packages.install("acme", it=place)
    code, _, err = run("it")
    assert 2 == code
    assert message in err
    assert "acme" in err
    assert 0 == run("version")[0]
    assert 0 == run("schema")[0]


def test_name_of_a_builtin_is_an_error_that_names_the_package(run, packages: Packages) -> None:
    """Neither of the two is run by surprise; the listing tells, too."""
    packages.install("acme", schema=f"{MODULE}:Greet")
    code, out, err = run("schema")
    assert (2, "") == (code, out)
    assert "vizgate: acme announces a command 'schema', which is a built-in's. Uninstall acme\n" == err
    listed = json.loads(run("plugins", "--json")[1])
    assert "is a built-in's" in next(plugin["problem"] for plugin in listed if plugin["kind"] == "command")


def test_name_of_two_packages_is_an_error_that_names_both(run, packages: Packages) -> None:
    """The choice is not the program's."""
    packages.install("acme", it=f"{MODULE}:Greet")
    packages.install("other", it=f"{MODULE}:Greet")
    assert "the command 'it' is announced by acme and other. Uninstall one" in run("it")[2]


@pytest.mark.usefixtures("greet")
def test_plugins_lists_commands(run) -> None:
    """Where they come from, as with everything else."""
    rows = [line.split() for line in run("plugins")[1].splitlines()]
    assert ["greet", "command", "acme", "1.2", f"{MODULE}:Greet"] in rows


def test_version_reads_no_metadata() -> None:
    """It stays quick however much is installed."""
    program = (
        "import sys; from vizgate.cli.main import main; main(['version']); print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.split()[-1]
