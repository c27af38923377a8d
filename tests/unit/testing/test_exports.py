"""What ``vizgate.testing`` offers, and when it is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vizgate.testing


@pytest.mark.parametrize("name", vizgate.testing.__all__)
def test_testing_every_exported_name_is_there(name: str) -> None:
    """Every name of ``__all__`` can be had, and is the object of that name."""
    assert getattr(vizgate.testing, name).__name__ == name


def test_testing_unknown_name_is_attribute_error() -> None:
    """A name that is not offered fails as with any module."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = vizgate.testing.Nothing


def test_testing_dir_lists_exports() -> None:
    """``dir`` tells what is offered before any of it is imported."""
    assert dir(vizgate.testing) == sorted(vizgate.testing.__all__)


def test_testing_clock_alone_imports_no_gateway() -> None:
    """A test of a pure rule does not pay for the gateway, nor for sockets."""
    program = (
        "import sys; from vizgate.testing import ManualClock; "
        "print([name for name in ('vizgate.gateway', 'asyncio', 'socket') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
