"""The page of the cache's rules says what is."""

from __future__ import annotations

import re
from pathlib import Path

from vizgate.cache.config import CacheConfig

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "cache.md").read_text("utf-8")


def test_settings_are_those_of_the_model() -> None:
    """Each key with its default and its description."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    shown = CacheConfig().model_dump(mode="json")
    expected = [
        (name, str(shown[name]).lower() if isinstance(shown[name], bool) else shown[name], field.description)
        for name, field in CacheConfig.model_fields.items()
    ]
    assert expected == rows


def test_every_rule_has_a_test() -> None:
    """What the page names is there, and no row is without a test."""
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "unit" / "cache").rglob("test_*.py"))
    tests = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    tables = PAGE.split("## What RFC 9111 demands", 1)[1]
    rows = [
        line
        for line in tables.splitlines()
        if line.startswith("| ") and "---" not in line and not line.endswith("| test |")
    ]
    named = [re.search(r"\| `(test_\w+)` \|$", line) for line in rows]
    assert all(named)
    assert {match[1] for match in named if match} <= tests
