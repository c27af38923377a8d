"""Tests that the reference pages list what is emitted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vizgate.errors import Termination
from vizgate.observe.access_log import JsonFormat
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics
from vizgate.observe.metrics.cells import METHODS, OUTCOMES
from vizgate.observe.redaction import SECRET_PARAMETERS

_REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def _first_columns(page: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", (_REFERENCE / page).read_text("utf-8"), re.MULTILINE)


def test_access_log_page_lists_fields_and_terminations_in_order(record: ExchangeRecord) -> None:
    """The tables of the page are the fields of a line and the values of ``termination``."""
    fields = list(json.loads(JsonFormat()(record)))
    assert _first_columns("access-log.md") == fields + [termination.value for termination in Termination]


def test_access_log_page_lists_the_secret_parameters() -> None:
    """The page names each parameter that is redacted, and no other."""
    page = (_REFERENCE / "access-log.md").read_text("utf-8")
    listed = re.search(r"`(access_key [^`]+)`", page)
    assert listed is not None
    assert listed.group(1).split() == sorted(SECRET_PARAMETERS)


def test_metrics_page_lists_every_family() -> None:
    """The page names each family of ours with its type."""
    types = dict(re.findall(r"^# TYPE (vizgate_\S+) (\w+)$", Metrics().exposition()[1].decode(), re.MULTILINE))
    page = (_REFERENCE / "metrics.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(vizgate_\w+)` \| (\w+)", page, re.MULTILINE))
    assert listed == types


def test_metrics_page_lists_what_components_count() -> None:
    """The page names the counters of every component, sorted, and no other."""
    source = "\n".join(file.read_text("utf-8") for file in (_REFERENCE.parents[1] / "vizgate").rglob("*.py"))
    counted = set(re.findall(r"\bcounters\(\s*\"(\w+)\"", source))
    page = (_REFERENCE / "metrics.md").read_text("utf-8").partition("## Of components")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == sorted(counted)


@pytest.mark.parametrize("values", [METHODS, OUTCOMES])
def test_metrics_page_lists_the_values_of_labels(values: frozenset[str] | tuple[str, ...]) -> None:
    """The page names each value of a bounded label."""
    page = (_REFERENCE / "metrics.md").read_text("utf-8")
    assert [value for value in values if f"`{value}`" not in page] == []
