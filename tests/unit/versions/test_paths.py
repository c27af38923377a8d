"""Which version a route is for."""

from __future__ import annotations

import pytest

from vizgate.versions.paths import can_be, version_of


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/api/v{version}/users", ""),
        ("/api/v{version:int}/users/{id}", ""),
        ("/{version}", ""),
        ("/api/v1/*", "1"),
        ("/api/v1.2/*", "1.2"),
        ("/api/v12/*", None),
        ("/api/1/*", None),
        ("/api/{versions}/*", None),
        ("/*", None),
    ],
)
def test_version_of_is_a_parameter_or_a_fixed_segment(path: str, version: str | None) -> None:
    """A path without either is of no version."""
    assert version == version_of(path, ["1", "1.2"])


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/v{version:int}", "1", True),
        ("/v{version:int}", "01", False),
        ("/v{version:int}", "1.2", False),
        ("/v{version:int}", "\u0661", False),
        ("/v{version}", "2026-01-01", True),
        ("/v1", "1", True),
        ("/v1", "2", False),
        ("/*", "1", False),
    ],
)
def test_can_be_tells_whether_a_request_can_ask_for_it(path: str, name: str, expected: bool) -> None:
    """An int is compared as it is written without zeros in front."""
    assert expected == can_be(path, name)
