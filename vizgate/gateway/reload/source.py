"""Where a gateway's configuration comes from, to be read again.

In: ``ConfigSource``: a file and what the command line adds to it. Not in: noticing that it has changed
(``gateway.reload.watching.file_watch``).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vizgate.config import GatewayConfig, load_config
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.reload.watching.file_watch import Marks, marks_of


class ConfigSource:
    """The YAML file at *path*. Args: overrides: settings by dotted key that win over it, such as ``server.listen``.

    Modules beside the file can be named in ``use:``; ``registry`` finds them. ``marks``: what each file that the last
    ``load`` has read was like then.
    """

    def __init__(self, path: str | Path, overrides: Mapping[str, Any] | None = None) -> None:
        #: As it was given, so that problems are shown where people look for them.
        self.name = str(path)
        self.overrides = dict(overrides or {})
        self.registry = Registry(BUILTIN)
        self.marks: Marks = marks_of({Path(path)})
        add_to_path(Path(path).resolve().parent)

    def load(self) -> GatewayConfig:
        """The configuration as the file is now; it reads files, so a loop that serves calls it in a thread.

        Raises: ConfigError: it cannot be used; with every problem.
        """
        files: set[Path] = set()
        # Before they are read: what changes meanwhile has to be read again.
        before = marks_of(self.marks)
        try:
            return load_config(self.name, overrides=self.overrides, resolve=self.registry.resolve, files=files)
        finally:
            self.marks = {**marks_of(files), **{path: mark for path, mark in before.items() if path in files}}

    def __repr__(self) -> str:
        return f"<ConfigSource {self.name} [{len(self.marks)} files]>"


def add_to_path(folder: Path) -> None:
    """Let ``use: module:Class`` find modules in *folder*."""
    # At the end: a user's "yaml.py" must not stand in for the library.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
