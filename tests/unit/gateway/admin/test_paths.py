"""The rules of ``find_operation``: which operation a path and a method mean."""

from __future__ import annotations

import pytest

from vizgate.gateway.admin.paths import Found, NotFound, find_operation
from vizgate.gateway.operations.table import OPERATIONS


def found(method: str, path: str) -> tuple[str, dict[str, str]]:
    result = find_operation(OPERATIONS.values(), method, path)
    assert isinstance(result, Found)
    return result.operation.name, dict(result.arguments)


def test_every_operation_is_found_by_its_own_path() -> None:
    """No operation hides another."""
    for operation in OPERATIONS.values():
        path = operation.shown_path.replace("{", "").replace("}", "")
        assert (operation.name, {name: name for name in operation.parameters}) == found(operation.method, path)


def test_parameters_are_decoded_after_the_path_is_taken_apart() -> None:
    """An encoded slash is part of a name, never of the path."""
    assert ("service", {"service": "a/targets/b/drain"}) == found("GET", "/services/a%2Ftargets%2Fb%2Fdrain")
    assert ("service", {"service": "\u00fc"}) == found("GET", "/services/%C3%BC")


@pytest.mark.parametrize("written", ["http://[::1]:3", "http:%2F%2F%5B::1%5D:3", "http%3A//[::1]:3"])
def test_last_parameter_may_have_slashes(written: str) -> None:
    """A URL has some, and not everybody encodes them."""
    path = f"/services/a/targets/{written}/drain"
    assert ("drain_target", {"service": "a", "target": "http://[::1]:3"}) == found("POST", path)


def test_head_goes_with_get() -> None:
    """And is named where another method is refused."""
    assert ("services", {}) == found("HEAD", "/services")
    assert NotFound(("GET", "HEAD")) == find_operation(OPERATIONS.values(), "DELETE", "/services")


@pytest.mark.parametrize(
    "path", ["/", "", "/service", "/services/", "/services//targets/a/drain", "/services/a/b", "*"]
)
def test_other_path_is_none(path: str) -> None:
    """Nor is one with an empty name."""
    assert NotFound() == find_operation(OPERATIONS.values(), "GET", path)
