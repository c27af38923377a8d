"""The rules of ``ConfigSource``, ``Names`` and ``ReloadRecord``."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.config import ConfigError, load_text
from vizgate.gateway.reload.record import ReloadRecord, hash_of
from vizgate.gateway.reload.retiring.forgetting import forget
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.reload.watching.file_watch import marks_of
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock

TEXT = """
server: {listen: 127.0.0.1:0}
auth: {tokens: {kind: jwt, algorithms: [HS256], secret: {file: secret.txt}, issuer: a, audience: b}}
routes: [{match: {path: /}, respond: {}, auth: [tokens]}]
"""


def test_source_tells_every_file_that_it_has_read(tmp_path: Path) -> None:
    """Those that the file names, too, and also when it cannot be used."""
    file, secret = tmp_path / "vizgate.yaml", tmp_path / "secret.txt"
    file.write_text(TEXT)
    secret.write_text("s" * 32)
    source = ConfigSource(file, {"server.admin": "off"})
    assert source.load().server.admin is None
    assert {file, secret} == source.marks.keys()
    assert source.marks == marks_of([file, secret])
    secret.unlink()
    with pytest.raises(ConfigError):
        source.load()
    assert {file, secret} == source.marks.keys()


def test_hash_tells_configurations_apart_and_no_secret() -> None:
    """Secrets are no part of it: nobody can guess them by it."""
    text = "auth: {a: {kind: jwt, algorithms: [HS256], secret: %s, issuer: a, audience: b}}\nroutes: []"
    one, other = (load_text(text % (letter * 32)) for letter in "st")
    assert hash_of(one) == hash_of(other)
    assert hash_of(one) != hash_of(load_text("routes: []"))


def test_record_counts_and_remembers(caplog: pytest.LogCaptureFixture) -> None:
    """A failure is told loudly, and stays known until a reload succeeds."""
    clock, metrics = ManualClock(), Metrics()
    record = ReloadRecord(load_text("routes: []"), clock, metrics)
    first = record.hash
    record.failed("a bad file")
    assert ("a bad file", first) == (record.failure, record.hash)
    assert [("ERROR", True)] == [(line.levelname, "a bad file" in line.getMessage()) for line in caplog.records]
    clock.advance(5.0)
    record.succeeded(load_text("routes: [{match: {path: /}, respond: {}}]"))
    assert ("", clock.wall()) == (record.failure, record.succeeded_s)
    assert first != record.hash
    text = metrics.exposition()[1].decode()
    for line in ('reloads_total{result="ok"} 1', 'reloads_total{result="failed"} 1', f'hash="{record.hash}"'):
        assert line in text


def test_forget_drops_what_nobody_names_any_more() -> None:
    """And leaves what is named by a configuration that goes on, or by no label of one."""

    def config(*names: str) -> str:
        services = ", ".join(f"{name}: {{targets: [http://{name}:80]}}" for name in names)
        routes = ", ".join(f"{{name: {name}, match: {{path: /{name}}}, service: {name}}}" for name in names)
        return f"services: {{{services}}}\nroutes: [{routes}]"

    metrics = Metrics()
    for name in ("a", "b"):
        metrics.route(name)
        metrics.target(name, f"{name}:80")
        metrics.counters("x", "x", ("service", "target")).of(name, f"{name}:80")
        metrics.counters("y", "y", ("plugin",)).of(name)
    forget(metrics, load_text(config("a", "b")), [load_text(config("b"))])
    cells = metrics._cells
    assert ({"", "b"}, {("b", "b:80")}) == (set(cells.routes), set(cells.targets))
    assert ([("b", "b:80")], [("a",), ("b",)]) == ([*cells.counters["x"].series], [*cells.counters["y"].series])
