"""What people may import is one list; a name that comes or goes is a decision, and this file shows it in the diff."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import vizgate
import vizgate.testing

GOLDEN = Path(__file__).with_name("public_names.txt").read_text("utf-8").splitlines()
MODULES = (vizgate, vizgate.testing)


def test_public_names_are_the_golden_list():
    """``public_names.txt`` is the whole public surface, in order."""
    assert [f"{module.__name__}.{name}" for module in MODULES for name in sorted(module.__all__)] == GOLDEN


@pytest.mark.parametrize("dotted", GOLDEN)
def test_public_name_can_be_had(dotted):
    """Every name leads to something, always the same, that says what it is for."""
    module_name, _, name = dotted.rpartition(".")
    module = importlib.import_module(module_name)
    found = getattr(module, name)
    assert found is getattr(module, name)
    assert name in dir(module)
    # An alias of a type has no place for a docstring of its own.
    assert found.__doc__ or name == "Handler"


def test_public_names_are_sorted_and_have_a_home():
    """``__all__`` is sorted, and the lazy table is complete: neither more nor less."""
    assert sorted(vizgate.__all__) == vizgate.__all__
    assert {*vizgate.__all__} - {"__version__"} == set(vizgate._HOMES)


def test_unknown_name_is_attribute_error():
    """A name that is not there fails as with any module."""
    with pytest.raises(AttributeError, match="module 'vizgate' has no attribute 'Nothing'"):
        _ = vizgate.Nothing


def test_import_of_a_leaf_stays_cheap():
    """Importing the package, or a leaf of it, imports none of the slow libraries."""
    program = (
        "import sys, vizgate, vizgate.units, vizgate.errors; "
        "print([name for name in ('asyncio', 'pydantic', 'yaml', 'logging') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
