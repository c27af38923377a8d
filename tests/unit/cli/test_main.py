"""The program around the commands: usage, errors, exit codes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate._version import __version__
from vizgate.cli import version
from vizgate.errors import VizgateError

COMMANDS = ("serve", "proxy", "check", "diff", "explain", "routes", "init", "schema", "plugins", "version")


def test_main_without_command_shows_help(run):
    """No command is wrong usage, and the help tells which there are."""
    code, out, err = run()
    assert (2, "") == (code, out)
    assert all(f"    {command} " in err for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_main_help_of_command_is_good(run, command):
    """Every command explains itself."""
    code, out, _ = run(command, "--help")
    assert 0 == code
    assert out.startswith(f"usage: vizgate {command}")


def test_main_version_option_prints_version(run):
    """``--version`` says what ``version`` says."""
    assert (0, f"vizgate {__version__}\n", "") == run("--version")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("serve", "--workers", "many"), "'many' is not a number of processes"),
        (("serve", "--listen", "8080"), "Write host:port"),
        (("serve", "--lis", "127.0.0.1:1"), "unrecognized arguments"),
        (("proxy",), "required: --to"),
        (("proxy", "--to", "127.0.0.1:3001"), "Write http:// or https://"),
        (("proxy", "--to", "http://a", "--admin", "x"), "is not an address"),
        (("proxy", "--to", "http://a", "--host-header", "a b"), "no valid host"),
        (("check",), "required: CONFIG"),
        (("explain", "a.yaml", "GET", "/path"), "is not an absolute URL"),
        (("explain", "a.yaml", "G ET", "http://a/"), "is not a method"),
        (("explain", "a.yaml", "GET", "http://a/", "-H", "no colon"), "Write 'Name: value'"),
        (("explain", "a.yaml", "GET", "http://a/", "-H", "A: b\r\nC: d"), "Write 'Name: value'"),
        (("explain", "a.yaml", "GET", "http://a/", "--as", "tier=gold"), "there is no user"),
        (("explain", "a.yaml", "GET", "http://a/", "--as", "usr=acme"), "'usr=acme' is none of"),
        (("explain", "a.yaml", "GET", "http://a/", "--as", "user=a,user=b"), "'user=b' is none of"),
        (("keys", "nwe"), "invalid choice: 'nwe'"),
    ],
)
def test_main_wrong_usage_exits_with_2(run, arguments, message):
    """What cannot be meant is told before anything is done, with exit code 2."""
    code, out, err = run(*arguments)
    assert (2, "") == (code, out)
    assert message in err


@pytest.mark.parametrize(("command", "code"), [("serve", 3), ("check", 1), ("routes", 1)])
def test_main_bad_configuration_tells_every_problem(run, write, command, code):
    """All problems come at once, a line each, beginning with their places; 3 where it should have served, else 1."""
    file = write(
        "version: 1\nroutes:\n  - match: {path: /a}\n    service: nobody\n  - match: {path: b}\n    service: x\n"
    )
    found, out, err = run(command, file)
    assert (code, "") == (found, out)
    places = [line.split(" ")[0] for line in err.splitlines()]
    assert [f"{file}:4:14", f"{file}:5:19", f"{file}:6:14"] == places


def test_main_missing_file_is_told(run, tmp_path):
    """A file that is not there is one line, not a traceback."""
    code, _, err = run("check", tmp_path / "no.yaml")
    assert 1 == code
    assert err.count("\n") == 1
    assert "cannot read the file" in err


def _fail_with(error: BaseException) -> Callable[[object], int]:
    def fail(_args: object) -> int:
        raise error

    return fail


def test_main_unexpected_error_is_one_line_with_hint(run, monkeypatch):
    """Nobody but a developer wants to read a traceback."""
    monkeypatch.setattr(version, "run", _fail_with(KeyError("x")))
    code, out, err = run("version")
    assert (1, "") == (code, out)
    assert err == "vizgate: internal error: KeyError: 'x'. Run it again with --log-level debug to see where.\n"


def test_main_unexpected_error_with_debug_has_traceback(run, monkeypatch):
    """A developer gets one with ``--log-level debug``."""
    monkeypatch.setattr(version, "run", _fail_with(KeyError("x")))
    code, _, err = run("version", "--log-level", "debug")
    assert 1 == code
    assert "Traceback" in err
    assert err.endswith("vizgate: internal error: KeyError: 'x'.\n")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (SystemExit(5), 5)])
def test_main_interruption_has_shells_exit_code(run, monkeypatch, error, code):
    """A program that is broken off says so as if the signal had ended it, without a word."""
    monkeypatch.setattr(version, "run", _fail_with(error))
    monkeypatch.setattr("vizgate.cli.main._forget_stdout", lambda: None)
    assert (code, "", "") == run("version")


def test_main_known_error_is_one_line(run, monkeypatch):
    """An error on purpose is its message."""
    monkeypatch.setattr(version, "run", _fail_with(VizgateError("no luck")))
    assert (1, "", "vizgate: no luck\n") == run("version")


def test_main_leaves_logging_as_it_was(run, shop):
    """A program that calls ``main`` keeps its own logging."""
    logger = logging.getLogger("vizgate")
    before = (logger.handlers[:], logger.level, logger.propagate)
    run("check", shop, "--log-level", "debug")
    assert before == (logger.handlers[:], logger.level, logger.propagate)


@pytest.mark.parametrize("command", ["serve"])
def test_serve_unusable_certificate_exits_with_3(run, write, tmp_path: Path, command):
    """A file that is there but holds no certificate is found before anything listens."""
    (tmp_path / "ca.pem").write_text("not a certificate", "ascii")
    file = write(
        "version: 1\nservices: {a: {targets: ['https://127.0.0.1:1'], tls: {ca: ca.pem}}}\n"
        "routes: [{match: {path: /*}, service: a}]\n"
    )
    code, out, err = run(command, file)
    assert (3, "") == (code, out)
    assert err.startswith("vizgate: ")
    assert "ca.pem" in err
