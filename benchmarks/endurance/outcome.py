"""The end of a long run: what is printed, written into the documentation, and told by the exit code.

In: ``add_output``, ``conclude``. Not in: what a result holds (``chaos.py``, ``soak.py``).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from sidebyside.site import PROJECT
from trouble.page import write_measured


def add_output(parser: argparse.ArgumentParser, page: str) -> None:
    """The options ``--seed``, ``--json`` and ``--docs``."""
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--docs", action="store_true", help=f"write docs/{page}")
    parser.set_defaults(page=page)


def conclude(result: Any, text: str, faults: list[str], arguments: argparse.Namespace) -> int:
    """Tell of *result*, a dataclass, as the options say; gives the exit code: 1 when there are *faults*."""
    print(json.dumps({**asdict(result), "faults": faults}) if arguments.json else text)
    if arguments.docs:
        write_measured(PROJECT / "docs" / arguments.page, text)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0
