"""Configuration files, as the commands that only look at them load them.

In: ``load``, ``Places``. Not in: loading to serve, which is ``Gateway.from_yaml``.
"""

from __future__ import annotations

from pathlib import Path as FilePath

from vizgate.config import GatewayConfig, load_config
from vizgate.config.problems import Path, Place
from vizgate.config.text.nodes import Node, find
from vizgate.config.text.yaml_reader import read
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.reload.source import add_to_path


def load(file: str) -> tuple[GatewayConfig, Registry]:
    """The configuration in *file*, its middleware settings checked, and where its middleware is found.

    Raises: ConfigError: with every problem.
    """
    add_to_path(FilePath(file).resolve().parent)
    registry = Registry(BUILTIN)
    return load_config(file, resolve=registry.resolve), registry


class Places:
    """Where the values of a *file*, which can be loaded, stand."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._root: Node | None = read(FilePath(file).read_text("utf-8-sig"), file).root

    def of(self, path: Path) -> Place:
        """The place of the value at *path*, or of what is nearest above it: it may come from the environment."""
        while self._root is not None:
            node = find(self._root, path)
            if node is not None:
                return node.place
            path = path[:-1]
        return Place(self._file)
