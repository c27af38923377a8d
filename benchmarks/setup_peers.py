"""Install what compare.py measures against: Python peers into .bench-venv, the npm peer into benchmarks/fastify.

In: peers that a package index serves. Not in: wrk, nginx, HAProxy and Caddy, which the system's packages bring; what is
missing of them is named.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from sidebyside.programs import find_program
from sidebyside.site import BENCHMARKS, PEERS_VENV

SYSTEM_PROGRAMS = ("wrk", "nginx", "haproxy", "caddy")
INSTALL_TIMEOUT_S = 900


def install_python_peers(*, upgrade: bool) -> bool:
    """Make .bench-venv and install requirements.txt into it; False when pip failed."""
    python = PEERS_VENV / "bin" / "python"
    if not python.exists():
        venv.create(PEERS_VENV, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--upgrade"] if upgrade else []
    return run([*command, "--requirement", str(BENCHMARKS / "requirements.txt")])


def install_npm_peer() -> bool:
    """Install the fastify contender's packages; False when npm is missing or failed."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed: the fastify contender will be skipped")
        return False
    return run([npm, "install", "--no-progress"], cwd=BENCHMARKS / "fastify")


def run(command: list[str], cwd: Path | None = None) -> bool:
    """Run *command* and show what it prints; whether it succeeded."""
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=cwd, check=False, timeout=INSTALL_TIMEOUT_S).returncode == 0


def main() -> int:
    """Install everything that can be; 1 when a step failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that requirements.txt allows")
    options = parser.parse_args()
    done = [install_python_peers(upgrade=options.upgrade), install_npm_peer()]
    missing = [name for name in SYSTEM_PROGRAMS if find_program(name) is None]
    if missing:
        print("not installed (Debian: apt-get install ...):", " ".join(missing))
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
