"""What a store is that the YAML can name.

In: ``StoreComponent`` and the base of its settings. Not in: what it does for programs (``extension.store``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from typing import ClassVar

from vizgate.extension.contract import Component, ComponentConfig
from vizgate.extension.store import Cells, Program


class StoreConfigBase(ComponentConfig):
    """What every store can be told, next to ``kind:``; nothing so far."""


class StoreComponent(Component):
    """Base class of stores; it meets ``extension.store.Store``. A gateway has one.

    It starts before everything that leans on it and stops after. ``vizgate.testing.check_store`` holds it to its
    contract.
    """

    Config: ClassVar[type[ComponentConfig]] = StoreConfigBase
    #: Whether ``run`` answers at once; else it gives an awaitable.
    is_local: bool = True

    @abstractmethod
    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells | Awaitable[Cells]:
        """See ``extension.store.Store.run``."""
