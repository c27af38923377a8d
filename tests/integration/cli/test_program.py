"""The program as the shell sees it."""

from __future__ import annotations

import subprocess
import sys

from vizgate._version import __version__


def test_program_module_and_script_are_the_same(tmp_path):
    """``python -m vizgate`` is the program, wherever it is started."""
    done = subprocess.run(
        [sys.executable, "-m", "vizgate", "version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (f"vizgate {__version__}\n", "") == (done.stdout, done.stderr)


def test_program_reader_that_has_gone_is_no_error(tmp_path):
    """``vizgate schema | head`` ends without a word, as other programs do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vizgate", "schema"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (141, b"") == (process.wait(30), error)
