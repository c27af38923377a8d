from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate.cli.main import main

Run = Callable[..., tuple[int, str, str]]

SHOP = """\
version: 1
server: {public_endpoints: [health]}
services:
  users:
    targets: [http://127.0.0.1:3001, http://127.0.0.1:3002]
    timeouts: {total: 20s}
  echo: {builtin: echo}
routes:
  - name: user
    match: {path: "/api/v{version:int}/users/{id}", methods: [GET, PUT], hosts: [api.example.com]}
    service: users
    rewrite: {path: "/internal/users/{id}"}
    body_limit: 1MiB
    timeout: 5s
    middleware:
      - use: headers
        request: {set: {X-Gateway: vizgate, Authorization: Basic c2VjcmV0}}
        response: {add: {X-Via: us}}
  - name: echoed
    match: {path: /echo/*, headers: {x-canary: "yes"}, query: {debug: present}}
    service: echo
    rewrite: {strip_prefix: /echo}
  - name: docs
    match: {path: /docs}
    redirect: {to: "https://docs.example.com/", status: 308}
  - name: gone
    match: {path: /old/*}
    respond: {status: 410, json: {error: gone}}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``vizgate`` with the given arguments; gives exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text to a file of its own and gives its path."""

    def to_file(text: str, name: str = "vizgate.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return to_file


@pytest.fixture
def shop(write: Callable[..., Path]) -> Path:
    """A configuration with a route of every kind."""
    return write(SHOP)
