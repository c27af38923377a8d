"""``vizgate version``."""

from __future__ import annotations

import subprocess
import sys

from vizgate._version import __version__


def test_version_prints_name_and_version(run):
    """Name and version, as other programs do it."""
    assert (0, f"vizgate {__version__}\n", "") == run("version")


def test_version_imports_nothing_slow():
    """It is quick because nothing that is slow to import is imported: no event loop, no models, no YAML, no logging."""
    program = (
        "import sys; from vizgate.cli.main import main; main(['version']); "
        "print([name for name in ('asyncio', 'pydantic', 'yaml', 'logging', 'uvloop', 'httptools', 'inspect') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"vizgate {__version__}\n[]\n" == done.stdout
