"""Whatever a text holds, loading it gives a configuration or a ConfigError."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizgate.config import ConfigError, GatewayConfig, load_config, load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.catalogue import BY_ID
from vizgate.config.diff.changes import changes
from vizgate.config.diff.moves import moves

SAMPLE = (Path(__file__).parent / "samples" / "full.yaml").read_text("utf-8")
LINES = SAMPLE.splitlines()

yaml_text = st.text(alphabet=st.sampled_from("abk01 :-[]{}'\"&*!|>#,?%@`\n\t~$<."), max_size=80)
scalars = st.sampled_from(
    ["~", "1", "-1", "1.5", "true", "'x'", "[]", "{}", "[1]", "{a: 1}", "'${X}'", "*a", "&a 1", "!t 1", "5s"]
)


def outcome(load: Callable[..., GatewayConfig], *arguments: object) -> GatewayConfig | ConfigError:
    try:
        return load(*arguments, environment={})
    except ConfigError as exc:
        return exc


def assert_loads_or_is_refused(text: str) -> None:
    result = outcome(load_text, text, "f")
    if isinstance(result, ConfigError):
        assert result.problems
        for problem in result.problems:
            assert re.match(r"f:\d+:\d+ \S", str(problem))
            assert "\n" not in str(problem)
    else:
        # Whatever can be used can be audited and compared.
        assert all(finding.rule in BY_ID for finding in audit(result, 0.0))
        assert () == changes(result, result)
        empty = GatewayConfig()
        assert bool(changes(result, empty)) == bool(changes(empty, result))
        assert () == moves(result, result)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100) | yaml_text)
def test_any_text_loads_or_is_refused(text: str) -> None:
    """Nothing but ConfigError is raised by a text, and every problem has a place and one line."""
    assert_loads_or_is_refused(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.integers(0, 80), scalars)
def test_sample_with_a_value_replaced_loads_or_is_refused(line: int, column: int, value: str) -> None:
    """A value of any type in any place of a good configuration does no more than refuse it."""
    changed = LINES[line]
    cut = re.sub(r"(?<=: )[^ ,\]}]+", value, changed, count=1 + column % 3)
    assert_loads_or_is_refused("\n".join([*LINES[:line], cut, *LINES[line + 1 :]]))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), yaml_text)
def test_sample_with_a_piece_replaced_loads_or_is_refused(start: int, length: int, piece: str) -> None:
    """So does any piece of text in place of any other."""
    assert_loads_or_is_refused(SAMPLE[:start] + piece + SAMPLE[start + length :])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_any_bytes_load_or_are_refused(tmp_path: Path, data: bytes) -> None:
    """Nothing but ConfigError is raised by a file, whatever its bytes."""
    file = tmp_path / "f"
    file.write_bytes(data)
    result = outcome(load_config, file)
    assert isinstance(result, GatewayConfig) or result.problems
