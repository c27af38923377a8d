"""Faults of plugins are counted each, told once in a while, and never with a secret."""

from __future__ import annotations

import logging

import pytest

from vizgate import Headers, Middleware, MiddlewareConfig, Request
from vizgate.extension.values.fields import SecretField
from vizgate.gateway.isolation.faults import PAUSE_S, FaultBook, PluginFaults
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock


class Plugin(Middleware):
    class Config(MiddlewareConfig):
        key: SecretField
        more: dict[str, list[SecretField]]


NAME = f"{__name__}:Plugin"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def faults(metrics: Metrics, clock: ManualClock) -> PluginFaults:
    config = Plugin.Config.model_validate({"key": "open-sesame", "more": {"a": ["other-word"]}})
    return FaultBook(metrics, clock).of(Plugin(config))


def raised(text: str) -> ValueError:
    try:
        _raise(text)
    except ValueError as error:
        return error
    raise AssertionError


def _raise(text: str) -> None:
    try:
        raise KeyError(text)  # noqa: TRY301  # an error with a cause is what is wanted
    except KeyError as error:
        raise ValueError(f"cannot use {text}") from error


def test_fault_is_counted_by_plugin_and_stage(faults: PluginFaults, metrics: Metrics) -> None:
    """Each one counts, whether it is told or not."""
    for _ in range(3):
        faults.note("call", raised("it"))
    family = metrics.counters("plugin_errors", "", ("plugin", "stage"))
    assert {(NAME, "call"): 3} == {values: counter.value for values, counter in family.series.items()}


def test_fault_is_told_once_in_a_while(
    faults: PluginFaults, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each stage, then silence for a while; the next line says how many it stands for."""
    for _ in range(3):
        faults.note("call", raised("it"))
    faults.note("stop", raised("it"))
    clock.advance(PAUSE_S)
    faults.note("call", raised("it"))
    assert [
        f"plugin {NAME} failed in call: ValueError: cannot use it",
        f"plugin {NAME} failed in stop: ValueError: cannot use it",
        f"plugin {NAME} failed in call (and 2 times before): ValueError: cannot use it",
    ] == [record.getMessage() for record in caplog.records]


def test_fault_has_a_traceback_with_its_causes(faults: PluginFaults, caplog: pytest.LogCaptureFixture) -> None:
    """What its author needs stands below the line."""
    faults.note("call", raised("it"))
    trace = caplog.records[0].stack_info or ""
    assert "KeyError: 'it'" in trace
    assert "in raised" in trace


@pytest.mark.parametrize("secret", ["open-sesame", "other-word"])
def test_fault_never_tells_secrets_of_the_settings(
    faults: PluginFaults, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    """Whatever text an error has, a secret of the configuration is not in it, nor in its causes."""
    faults.note("start", raised(f"<{secret}>"))
    assert "cannot use <REDACTED>" in caplog.text
    assert secret not in faults.told(raised(secret))
    assert secret not in everything(caplog)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("Authorization", "Bearer abc.def.ghi", "abc.def.ghi"),
        ("Authorization", "Basic dXNlcjpodW50ZXIyMg==", "hunter22"),
        ("Cookie", "a=1; session=0123456789", "0123456789"),
        ("X-Anything", "some-token", "some-token"),
    ],
)
def test_fault_never_tells_field_values(
    faults: PluginFaults, caplog: pytest.LogCaptureFixture, name: str, value: str, secret: str
) -> None:
    """An error that quotes a credential of the request is told without it."""
    request = Request("GET", b"/", Headers.of([(name, value)]))
    request.id, request.route = "17", "api"
    faults.note("call", raised(secret), request)
    assert "on request 17 of route api" in caplog.text
    assert secret not in everything(caplog)


def test_fault_never_tells_secrets_of_a_url(faults: PluginFaults, caplog: pytest.LogCaptureFixture) -> None:
    """Parameters that are secret by their names are replaced, as everywhere."""
    faults.note("call", raised("http://a/?token=xyz"))
    assert "xyz" not in everything(caplog)


def test_fault_with_a_long_text_is_cut(faults: PluginFaults, caplog: pytest.LogCaptureFixture) -> None:
    """An error that quotes a whole body does not fill the log."""
    faults.note("call", raised("x" * 1_000_000))
    record = caplog.records[0]
    assert (len(record.getMessage()) < 1000, len(record.stack_info or "") < 25_000) == (True, True)
    assert record.getMessage().endswith("(1000023 characters)")
    assert len(faults.told(raised("x" * 1_000_000))) < 1000


def test_client_cannot_spoil_a_traceback(faults: PluginFaults, caplog: pytest.LogCaptureFixture) -> None:
    """Frames stay as they are: the program's own text is no secret, whatever fields a client sends."""
    request = Request("GET", b"/", Headers.of([("X-A", "in raised"), ("X-B", "raise KeyError(text)")]))
    faults.note("call", raised("it"), request)
    assert "in raised" in (caplog.records[0].stack_info or "")


def test_silenced_log_costs_nothing(faults: PluginFaults, caplog: pytest.LogCaptureFixture) -> None:
    """A logger that is off gets nothing."""
    caplog.set_level(logging.CRITICAL, "vizgate.plugin")
    faults.note("call", raised("it"))
    assert [] == caplog.records


def everything(caplog: pytest.LogCaptureFixture) -> str:
    return caplog.text + "".join(f"{record.getMessage()} {record.stack_info}" for record in caplog.records)
