"""What a command of the program is that a package brings.

In: ``Command``, ``COMMAND_GROUP``. Not in: finding and running it (``cli``).
"""

from __future__ import annotations

import argparse
from abc import abstractmethod
from typing import ClassVar

#: The entry-point group that distributions announce commands in; the name is what people type after ``vizgate``.
COMMAND_GROUP = "vizgate.commands"


class Command:
    """Base class of commands: ``vizgate NAME`` makes one, has it add its arguments, and runs it.

    ``summary``: what it does, in a few words, for ``vizgate NAME --help``. ``contract_version``: see ``Component``.
    """

    summary: ClassVar[str] = ""
    contract_version: ClassVar[int | None] = None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what it takes to *parser*; nothing by default. ``--log-level`` is there already."""

    @abstractmethod
    def run(self, args: argparse.Namespace) -> int:
        """Do it, and give the exit code: 0 when all is well.

        Raises: VizgateError: it cannot be done; the message is shown, and the exit code is 1.
        """
