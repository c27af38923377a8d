"""The rules of ``server.admin`` and its tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate.config import load_text

Refused = Callable[..., list[str]]

_HASH = "sha256:" + "0" * 64


def loaded(server: str, **environment: str) -> object:
    return load_text(f"server: {{{server}}}", environment=environment).server


@pytest.mark.parametrize(
    "tokens", ["admin_token: '${TOKEN}'", f"admin_tokens: [{{name: ops, hash: '{_HASH}', role: operator}}]"]
)
def test_others_may_reach_the_admin_listener_with_a_token(tokens: str) -> None:
    """One of either kind is enough."""
    server = loaded(f"admin: 0.0.0.0:9900, {tokens}", TOKEN="secret-secret-secret")
    assert "0.0.0.0:9900" == str(server.admin)  # type: ignore[attr-defined]


def test_faulty_token_is_the_only_problem(refused: Refused) -> None:
    """It is not told that there is none."""
    told = "config.yaml:1:41 server.admin_token: a token is 1 to 1024 visible"
    assert [told] == [problem[: len(told)] for problem in refused("server: {admin: 0.0.0.0:9, admin_token: 'a b'}")]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{name: a}", "has either token or hash"),
        (f"{{name: a, token: long-enough-token, hash: '{_HASH}'}}", "has either token or hash"),
        ("{name: a, hash: mysecret}", "must be 'sha256:' and 64 hex digits"),
        ("{name: 'a b', token: long-enough-token}", "server.admin_tokens[0].name"),
        ("{name: a, token: long-enough-token, role: root}", "must be one of reader, operator"),
        ("{name: a, token: ''}", "1 to 1024 visible"),
        ("{name: a, token: long-enough-token}, {name: a, token: another-long-token}", "two tokens have the name a"),
    ],
)
def test_entry_that_cannot_be_meant_is_refused(refused: Refused, entry: str, problem: str) -> None:
    """In words for people, which never hold the secret."""
    found = "\n".join(refused(f"server: {{admin_tokens: [{entry}]}}"))
    assert problem in found
    assert "mysecret" not in found


def test_token_comes_out_of_a_file(tmp_path: Path) -> None:
    """As every secret may; it shows itself nowhere."""
    (tmp_path / "token").write_text("abc-abc-abc-abc-abc\n")
    config = load_text("server: {admin_token: {file: token}}", base=tmp_path)
    assert config.server.admin_token is not None
    assert "abc-abc-abc-abc-abc" == config.server.admin_token.reveal()
    assert "abc-abc" not in repr(config)


def test_role_is_reader_unless_it_is_said() -> None:
    """The lesser one."""
    server = loaded("admin_tokens: [{name: a, token: long-enough-token}]")
    assert "reader" == server.admin_tokens[0].role  # type: ignore[attr-defined]


def test_audit_log_goes_to_the_log_or_to_a_file(tmp_path: Path, refused: Refused) -> None:
    """Relative to the file that says so."""
    observe = load_text("observe: {audit_log: {to: audit.log}}", base=tmp_path).observe
    assert tmp_path / "audit.log" == observe.audit_log.to
    assert load_text("observe: {audit_log: {to: log}}").observe.audit_log.to is None
    for nowhere in ("stdout", "''", "[]"):
        assert "must be log, " in "\n".join(refused(f"observe: {{audit_log: {{to: {nowhere}}}}}"))
