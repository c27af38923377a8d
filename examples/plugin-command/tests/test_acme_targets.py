"""The command, as the program runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.cli.main import main

FILE = Path(__file__).parents[1] / "vizgate.yaml"


def test_targets_prints_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Service, URL and weight, with tabs in between."""
    assert 0 == main(["targets", str(FILE)])
    assert "users\thttp://127.0.0.1:3001\t3\nusers\thttp://127.0.0.1:3002\t1\n" in capsys.readouterr().out


def test_targets_of_no_service_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A script can tell."""
    assert 1 == main(["targets", str(FILE), "--service", "nobody"])


def test_targets_of_a_bad_file_names_the_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As every command does."""
    assert 1 == main(["targets", str(tmp_path / "missing.yaml")])
    assert "cannot read the file" in capsys.readouterr().err
